import { conditionOf } from '@backendai-e2e/api/conditions';
import { FAULT_CONDITIONS, type Fault, type FaultReceipt, type FaultSpec } from '@backendai-e2e/api/fault';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { podApiServer } from '@backendai-e2e/kube/pod-connection';
import { ClusterApi } from '../clients/cluster/cluster-api.ts';
import { Inconclusive } from '../evidence/record.ts';
import { notYet, WaitedInVain, waitUntil } from '../evidence/waiting.ts';
import type { CleanupStack } from '../fixtures/cleanup-stack.ts';

/** What a suite asks for: the environment is that of its run. */
export type Disruption = Omit<FaultSpec, 'environmentRef' | 'heal'>;

/** Proof that something is broken, as the operator's probes gave it. Times by their clocks. */
export interface Receipt {
  /** Name of the Fault. */
  fault: string;
  targets: readonly FaultReceipt[];
  /** When it was carried out on all targets. */
  injectedAt: Date;
  /** When a probe saw it in force on all targets. */
  seenInForceAt: Date;
}

/** Seconds until the operator's probe must have seen a fault in force: a graceful deletion takes up to 30. */
const IN_FORCE_SECONDS = 60;
/** Seconds until the probe must have seen it gone: a manager that was deleted needs some 20 to be ready again. */
const HEALED_SECONDS = 120;
const LOOK_MS = 200;

/** A fault in force. */
export class InjectedFault {
  readonly receipt: Receipt;
  readonly #injector: FaultInjector;

  constructor(injector: FaultInjector, receipt: Receipt) {
    this.#injector = injector;
    this.receipt = receipt;
  }

  /**
   * Ends it now, if it lasts, and waits until a probe saw it gone; resolves to when that was. May be called again.
   * Throws {@link Inconclusive} when nobody saw it healed.
   */
  heal(deadlineSeconds = HEALED_SECONDS): Promise<Date> {
    return this.#injector.heal(this.receipt.fault, deadlineSeconds);
  }

  /** Waits until it has healed by itself. Throws {@link Inconclusive}. */
  healed(deadlineSeconds = HEALED_SECONDS): Promise<Date> {
    return this.#injector.seenHealed(this.receipt.fault, deadlineSeconds);
  }
}

/** Where a suite asks for faults. The suite must be listed as disruptive, else it has no right to. */
export class FaultInjector {
  readonly #api: ClusterApi;
  readonly #environment: string;
  readonly #attempt: string;
  #owner: Promise<TestReport> | undefined;

  constructor(api: ClusterApi, identity: { environment: string; attempt: string }) {
    this.#api = api;
    this.#environment = identity.environment;
    this.#attempt = identity.attempt;
  }

  /** From what the operator gave the suite's pod. Throws {@link Inconclusive} where there is no operator. */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): FaultInjector {
    const environment = env[RUNNER_ENV.environment];
    const attempt = env[RUNNER_ENV.report];
    const namespace = env[RUNNER_ENV.namespace];
    if (!environment || !attempt || !namespace) {
      throw new Inconclusive(
        `faults need the operator, but ${RUNNER_ENV.environment}, ${RUNNER_ENV.report} or ${RUNNER_ENV.namespace} is not set`,
      );
    }
    return new FaultInjector(new ClusterApi(podApiServer(env), namespace), { environment, attempt });
  }

  /**
   * Asks for a fault and waits until a probe saw it in force. The cleanup stack ends it whatever happens.
   * Throws {@link Inconclusive} when it was refused or there is no receipt in time: nothing can be said then.
   */
  async inject(
    disruption: Disruption,
    cleanup: CleanupStack,
    deadlineSeconds = IN_FORCE_SECONDS,
  ): Promise<InjectedFault> {
    const report = await this.#report();
    const fault = await this.#api.create<Fault>('Fault', {
      metadata: {
        generateName: 'suite-',
        labels: { [LABELS.report]: this.#attempt },
        // With the report it goes, and the operator heals it on the way.
        ownerReferences: [
          { apiVersion: API_VERSION, kind: 'TestReport', name: this.#attempt, uid: report.metadata.uid },
        ],
      },
      spec: { environmentRef: { name: this.#environment }, ...disruption },
    });
    const { name } = fault.metadata;
    cleanup.add(`fault ${name}`, () => this.#undo(name));
    const status = await this.#look(
      name,
      'in force',
      deadlineSeconds,
      (now) => now.seenInForceAt !== undefined,
    );
    return new InjectedFault(this, {
      fault: name,
      targets: status.targets ?? [],
      injectedAt: new Date(status.injectedAt ?? Number.NaN),
      seenInForceAt: new Date(status.seenInForceAt ?? Number.NaN),
    });
  }

  /** Ends a fault before its time and waits until a probe saw it gone. Throws {@link Inconclusive}. */
  async heal(name: string, deadlineSeconds: number): Promise<Date> {
    await this.#api.patch<Fault>('Fault', name, { spec: { heal: true } });
    return this.seenHealed(name, deadlineSeconds);
  }

  /** Heals what there is to heal: a fault that was refused has done nothing. */
  async #undo(name: string): Promise<void> {
    const fault = await this.#api.get<Fault>('Fault', name);
    if (fault?.status?.phase !== 'Refused') await this.heal(name, HEALED_SECONDS);
  }

  /** Waits until a probe saw the fault gone; resolves to when that was. Throws {@link Inconclusive}. */
  async seenHealed(name: string, deadlineSeconds: number): Promise<Date> {
    const status = await this.#look(name, 'healed', deadlineSeconds, (now) => now.seenHealedAt !== undefined);
    return new Date(status.seenHealedAt ?? Number.NaN);
  }

  close(): void {
    this.#api.close();
  }

  #report(): Promise<TestReport> {
    this.#owner ??= this.#api.get<TestReport>('TestReport', this.#attempt).then((report) => {
      if (report) return report;
      throw new Inconclusive(
        `the report ${this.#attempt} of this attempt is gone: no fault can be asked for`,
      );
    });
    return this.#owner;
  }

  async #look(
    name: string,
    what: string,
    deadlineSeconds: number,
    reached: (status: NonNullable<Fault['status']>) => boolean,
  ): Promise<NonNullable<Fault['status']>> {
    try {
      return await waitUntil(
        `fault ${name} to be seen ${what}`,
        async () => {
          const fault = await this.#api.get<Fault>('Fault', name);
          if (!fault) throw new Inconclusive(`fault ${name} is gone: somebody else deleted it`);
          const { status } = fault;
          const accepted = conditionOf(status?.conditions, FAULT_CONDITIONS.accepted);
          if (accepted?.status === 'False' && !(status && reached(status))) {
            throw new Inconclusive(`fault ${name} was refused: ${accepted.reason}: ${accepted.message}`);
          }
          if (status?.phase === 'Unhealed') {
            throw new Inconclusive(`nobody saw fault ${name} healed: ${JSON.stringify(status.targets)}`);
          }
          if (status?.seenHealedAt && !reached(status)) {
            throw new Inconclusive(`fault ${name} was never in force: ${JSON.stringify(status.targets)}`);
          }
          return status && reached(status) ? status : notYet(status ?? 'no status: is the operator running?');
        },
        { deadlineSeconds, everyMs: LOOK_MS },
      );
    } catch (error) {
      if (error instanceof WaitedInVain) throw new Inconclusive(error.message, { cause: error });
      throw error;
    }
  }
}

/**
 * Gives the describe in which it is called a {@link FaultInjector}; use it through the returned function, inside of tests
 * and hooks only.
 */
export function useFaults(): () => FaultInjector {
  let injector: FaultInjector | undefined;
  const get = (): FaultInjector => {
    injector ??= FaultInjector.fromEnvironment();
    return injector;
  };
  after('connection for faults', () => injector?.close());
  return get;
}

/**
 * Runs the body while something is broken, then heals it and waits until a probe saw it healed, also when the body throws.
 * No receipt, no verdict: throws {@link Inconclusive} without running the body when nobody saw the fault in force.
 */
export async function withFault<T>(
  injector: FaultInjector,
  disruption: Disruption,
  cleanup: CleanupStack,
  body: (receipt: Receipt, fault: InjectedFault) => Promise<T>,
): Promise<T> {
  const fault = await injector.inject(disruption, cleanup);
  let result: T;
  try {
    result = await body(fault.receipt, fault);
  } catch (error) {
    // What the body found counts for more than a healing that nobody saw; the cleanup stack tries that again and tells.
    await fault.heal().catch(() => undefined);
    throw error;
  }
  await fault.heal();
  return result;
}
