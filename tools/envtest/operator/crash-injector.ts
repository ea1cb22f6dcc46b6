import { readFileSync } from 'node:fs';
import type { OperatorOptions } from '@backendai-e2e/operator/options';
import {
  type FaultInjectingProxy,
  startFaultInjectingProxy,
  through,
} from '../proxies/fault-injecting-proxy.ts';
import { until } from '../waits/until.ts';
import type { OperatorHarness } from './harness.ts';

/** A scenario, which plays the user and the cluster and asserts its own outcome. `name` is unique for each crash. */
export type Scenario = (name: string) => Promise<void>;

/** Where an operator crashes: after its n-th write of a kind, counted from 1. */
interface CrashPoint {
  write: string;
  time: number;
}

/** An operator, and the proxy through which it reaches the API server. */
interface OperatorInstance {
  proxy: FaultInjectingProxy;
  stop(): Promise<void>;
}

/** The documented table of crash points. */
const TABLE = new URL('../../../docs/kill-points.md', import.meta.url);

/**
 * Crashes operators: the API server handles a write, and the operator is cut off before it gets the answer. A second operator
 * takes over with nothing but what the cluster holds. A crash between two writes needs no test, because the cluster is then the
 * same as after the first write.
 */
export class CrashInjector {
  readonly #harness: OperatorHarness;
  readonly #changes: Partial<OperatorOptions>;
  /** Stops of crashed operators that are still going on. */
  readonly #stopping: Promise<void>[] = [];

  constructor(harness: OperatorHarness, changes: Partial<OperatorOptions> = {}) {
    this.#harness = harness;
    this.#changes = changes;
  }

  /**
   * Plays the scenario once without a crash. Then plays it once for each write of that first time that matches `which`, with a
   * crash after the write. Resolves to the crash points, each as "create jobs, time 2". Rejects with the first crash point at
   * which the scenario fails.
   */
  async afterEveryWrite(prefix: string, scenario: Scenario, which = /./): Promise<string[]> {
    const writes = (await this.#play(`${prefix}-0`, scenario)).filter((write) => which.test(write));
    const times = new Map<string, number>();
    const points = writes.map((write): CrashPoint => {
      const time = (times.get(write) ?? 0) + 1;
      times.set(write, time);
      return { write, time };
    });
    const crashes: string[] = [];
    for (const [index, point] of points.entries()) {
      const { write, time } = point;
      const what = `${write}, time ${time}`;
      const seen = await this.#play(`${prefix}-${index + 1}`, scenario, point).catch((error: unknown) => {
        throw new Error(`with a crash after ${what}: ${String(error)}`, { cause: error });
      });
      // The operator may join two status writes into one. The last write of the first time then has no counterpart.
      if (seen.filter((each) => each === write).length >= time) crashes.push(what);
    }
    await Promise.all(this.#stopping.splice(0));
    if (process.env.E2E_KILL_TABLE) console.log(crashes.map((at) => `${prefix}: ${at}`).join('\n'));
    return crashes;
  }

  /** Plays the scenario, with a crash at the given point. Resolves to the writes of the first operator. */
  async #play(name: string, scenario: Scenario, crash?: CrashPoint): Promise<string[]> {
    const writes: string[] = [];
    const first = await this.#start();
    let second: Promise<OperatorInstance> | undefined;
    first.proxy.onAnswer = ({ method, path, code }) => {
      const write = describeWrite(method, path, code);
      if (!write || second) return;
      writes.push(write);
      if (write !== crash?.write || writes.filter((each) => each === write).length < crash.time) return;
      first.proxy.blockAll();
      // The crashed operator tries to send its last events for two seconds. The next scenario does not wait for that.
      this.#stopping.push(first.stop());
      second = this.#start();
    };
    try {
      await scenario(name);
      // The scenario sees the last write in the cluster, at times before this proxy sees its answer.
      await until('every write is answered', () => first.proxy.writesInFlight === 0);
    } finally {
      // No crash after the scenario: nothing would stop the second operator.
      first.proxy.onAnswer = () => undefined;
      const last = (await second) ?? first;
      await last.stop();
    }
    return writes;
  }

  /** Starts an operator behind its own proxy. */
  async #start(): Promise<OperatorInstance> {
    const { kubeConfig } = this.#harness.options();
    const proxy = await startFaultInjectingProxy(this.#harness.plane);
    const operator = this.#harness.startOperator({
      ...this.#changes,
      kubeConfig: through(proxy, kubeConfig),
    });
    const stop = async () => {
      // A crashed operator reaches no API server, so its stop may fail.
      await operator.stop().catch(() => undefined);
      await proxy.stop();
    };
    return { proxy, stop };
  }
}

/**
 * Compares crash points with the rows of a scenario in docs/kill-points.md. Returns the writes without a row, and the rows whose
 * write was not seen. Both must be empty. A row is "| scenario | write | times | end |". A write that happens "at times" may be
 * missing.
 */
export function differencesFromTable(
  scenario: string,
  crashes: readonly string[],
): { undocumented: string[]; unseen: string[] } {
  const seen = new Set(crashes.map((crash) => crash.replace(/, time \d+$/, '')));
  const rows = readFileSync(TABLE, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, name]) => name === scenario)
    .map(([, , write = '', times]) => ({ write, always: times !== 'at times' }));
  return {
    undocumented: [...seen].filter((write) => !rows.some((row) => row.write === write)),
    unseen: rows.filter(({ write, always }) => always && !seen.has(write)).map(({ write }) => write),
  };
}

const VERBS: Record<string, string> = { POST: 'create', PATCH: 'apply', PUT: 'replace', DELETE: 'delete' };

/** Describes a write that took effect, such as "create jobs". Undefined for reads, events and leases. */
function describeWrite(method: string, path: string, code: number): string | undefined {
  const verb = VERBS[method];
  if (!verb || code >= 300) return undefined;
  const parts = (path.split('?')[0] ?? '').split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const [resource = '', , subresource] =
    parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  if (resource === 'events' || resource === 'leases') return undefined;
  return `${verb} ${resource}${subresource ? `/${subresource}` : ''}`;
}
