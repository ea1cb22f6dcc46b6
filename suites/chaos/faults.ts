import { conditionOf } from '@backendai-e2e/api/conditions';
import { FAULT_CONDITIONS, type Fault, type FaultReceipt, type FaultSpec } from '@backendai-e2e/api/fault';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { FAULTS, TEST_REPORTS } from '@backendai-e2e/api/resources';
import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { NewObject } from '@backendai-e2e/kube/object';
import { podAccess } from '@backendai-e2e/kube/service-account';
import { withSettlingRights } from '@backendai-e2e/kube/settling-rights';
import { Inconclusive } from '../evidence/record.ts';
import { notYet, WaitTimeout, waitUntil } from '../evidence/waiting.ts';
import type { CleanupStack } from '../fixtures/cleanup-stack.ts';

/** A requested fault. Its environment is that of the run. */
export type Disruption = Omit<FaultSpec, 'environmentRef' | 'heal'>;

/** Proof of the operator's probes that something is broken, with times by their clocks. */
export interface Receipt {
  /** Name of the Fault. */
  fault: string;
  targets: readonly FaultReceipt[];
  /** When it was injected into all targets. */
  injectedAt: Date;
  /** When a probe observed it in force on all targets. */
  seenInForceAt: Date;
}

/** Seconds until the operator's probe must observe a fault in force. A graceful deletion takes up to 30. */
const IN_FORCE_SECONDS = 60;
/** Seconds until the probe must observe that it is healed. A deleted manager needs about 20 to be ready again. */
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
   * Heals a lasting fault now, waits until a probe observes that, and returns the time. It may be called again.
   * Throws {@link Inconclusive} when it had already ended, or when no probe observes the healing.
   */
  async heal(deadlineSeconds = HEALED_SECONDS): Promise<Date> {
    await this.#injector.expectInForce(this.receipt.fault);
    return this.#injector.heal(this.receipt.fault, deadlineSeconds);
  }

  /** Waits until it has healed automatically. Throws {@link Inconclusive}. */
  healed(deadlineSeconds = HEALED_SECONDS): Promise<Date> {
    return this.#injector.seenHealed(this.receipt.fault, deadlineSeconds);
  }
}

/** Requests faults from the operator. Only a suite that is marked as disruptive has the right to. */
export class FaultInjector {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #environment: string;
  readonly #attempt: string;
  #owner: Promise<TestReport> | undefined;

  constructor(client: KubeClient, identity: { namespace: string; environment: string; attempt: string }) {
    this.#client = client;
    this.#namespace = identity.namespace;
    this.#environment = identity.environment;
    this.#attempt = identity.attempt;
  }

  /** Reads the identity that the operator gave the suite's pod. Throws {@link Inconclusive} without an operator. */
  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): FaultInjector {
    const environment = env[RUNNER_ENV.environment];
    const attempt = env[RUNNER_ENV.report];
    const namespace = env[RUNNER_ENV.namespace];
    if (!environment || !attempt || !namespace) {
      throw new Inconclusive(
        `faults need the operator, but ${RUNNER_ENV.environment}, ${RUNNER_ENV.report} or ${RUNNER_ENV.namespace} is not set`,
      );
    }
    return new FaultInjector(new KubeClient(podAccess(env)), { namespace, environment, attempt });
  }

  /**
   * Requests a fault and waits until a probe observes it in force. The cleanup stack heals it in any case.
   * Throws {@link Inconclusive} when it is refused or has no receipt in time: the test can then prove nothing.
   */
  async inject(
    disruption: Disruption,
    cleanup: CleanupStack,
    deadlineSeconds = IN_FORCE_SECONDS,
  ): Promise<InjectedFault> {
    const report = await this.#report();
    const request: NewObject<Fault> = {
      metadata: {
        namespace: this.#namespace,
        generateName: 'suite-',
        labels: { [LABELS.report]: this.#attempt },
        // It is deleted with the report, and the operator heals it first.
        ownerReferences: [
          {
            apiVersion: API_VERSION,
            kind: 'TestReport',
            name: this.#attempt,
            uid: report.metadata.uid ?? '',
          },
        ],
      },
      spec: { environmentRef: { name: this.#environment }, ...disruption },
    };
    const fault = await withSettlingRights(() => this.#client.create(FAULTS, request));
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

  /**
   * Throws {@link Inconclusive} when a lasting fault ended before the test ended it. Its time ran out, or a restarted container no
   * longer had it. What a test did meanwhile proves nothing.
   */
  async expectInForce(name: string): Promise<void> {
    const fault = await this.#get(name);
    const { action, targets = [] } = fault?.status ?? {};
    if (fault?.spec?.heal || action === 'podDelete' || action === 'kill') return;
    const ended = targets.find(({ healedAt }) => healedAt !== undefined);
    if (!ended && !fault?.status?.healedAt) return;
    throw new Inconclusive(
      `fault ${name} ended at ${ended?.healedAt ?? fault?.status?.healedAt}, before the test was done with it: give it more durationSeconds`,
    );
  }

  /** Heals a fault early and waits until a probe observes that. Throws {@link Inconclusive}. */
  async heal(name: string, deadlineSeconds: number): Promise<Date> {
    await withSettlingRights(() => this.#client.mergePatch(FAULTS, this.#at(name), { spec: { heal: true } }));
    return this.seenHealed(name, deadlineSeconds);
  }

  /** Heals a fault, unless it was refused and had no effect. */
  async #undo(name: string): Promise<void> {
    const fault = await this.#get(name);
    if (fault?.status?.phase !== 'Refused') await this.heal(name, HEALED_SECONDS);
  }

  /** Waits until a probe observes the healing, and returns the time. Throws {@link Inconclusive}. */
  async seenHealed(name: string, deadlineSeconds: number): Promise<Date> {
    const status = await this.#look(name, 'healed', deadlineSeconds, (now) => now.seenHealedAt !== undefined);
    return new Date(status.seenHealedAt ?? Number.NaN);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #at(name: string): { namespace: string; name: string } {
    return { namespace: this.#namespace, name };
  }

  #get(name: string): Promise<Fault | undefined> {
    return withSettlingRights(() => this.#client.get(FAULTS, this.#at(name)));
  }

  #report(): Promise<TestReport> {
    const get = () => this.#client.get(TEST_REPORTS, this.#at(this.#attempt));
    this.#owner ??= withSettlingRights(get).then((report) => {
      if (report) return report;
      throw new Inconclusive(
        `the report ${this.#attempt} of this attempt no longer exists, so no fault can be requested`,
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
          const fault = await this.#get(name);
          if (!fault)
            throw new Inconclusive(`fault ${name} no longer exists: it was deleted by something else`);
          const { status } = fault;
          const accepted = conditionOf(status?.conditions, FAULT_CONDITIONS.accepted);
          if (accepted?.status === 'False' && !(status && reached(status))) {
            throw new Inconclusive(`fault ${name} was refused: ${accepted.reason}: ${accepted.message}`);
          }
          if (status?.phase === 'Unhealed') {
            throw new Inconclusive(
              `no probe observed the healing of fault ${name}: ${JSON.stringify(status.targets)}`,
            );
          }
          const missed = status?.targets?.find((target) => target.seenHealedAt && !target.injectedAt);
          if (missed) {
            throw new Inconclusive(
              `fault ${name} did not reach all of its targets: ${JSON.stringify(missed)}`,
            );
          }
          if (status?.seenHealedAt && !reached(status)) {
            throw new Inconclusive(`fault ${name} was never in force: ${JSON.stringify(status.targets)}`);
          }
          return status && reached(status) ? status : notYet(status ?? 'no status: is the operator running?');
        },
        { deadlineSeconds, everyMs: LOOK_MS },
      );
    } catch (error) {
      if (error instanceof WaitTimeout) throw new Inconclusive(error.message, { cause: error });
      throw error;
    }
  }
}

/**
 * Creates a {@link FaultInjector} for the surrounding describe. Call the returned function only inside tests and hooks.
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
 * Runs the body while something is broken. Then it heals the fault and waits for the probe, also when the body throws.
 * Throws {@link Inconclusive} without running the body when no probe observed the fault in force.
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
    // The error of the body matters more than a missing healing. The cleanup stack retries the healing and reports it.
    await fault.heal().catch(() => undefined);
    throw error;
  }
  await fault.heal();
  return result;
}
