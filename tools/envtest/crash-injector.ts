import { readFileSync } from 'node:fs';
import type { OperatorOptions } from '@backendai-e2e/operator/options';
import { startWeatherProxy, through, type WeatherProxy } from './fault-injecting-proxy.ts';
import type { Stage } from './test-environment.ts';

/** One scenario, as a user and the cluster play it; `name` is different for every kill. It asserts its own end. */
export type Scenario = (name: string) => Promise<void>;

/** The n-th write of a kind by one operator. */
interface Point {
  write: string;
  time: number;
}

/** An operator, and the proxy through which it reaches the API server. */
interface Life {
  proxy: WeatherProxy;
  end(): Promise<void>;
}

/** Where the table of deaths stands, for people. */
const TABLE = new URL('../../docs/kill-points.md', import.meta.url);

/**
 * Operators that die: the API server acts on a write, and before the operator hears of that it is dead. Another operator takes
 * over, with nothing but what the cluster holds. What stands between two writes needs no kill of its own: it leaves no trace
 * but the next write.
 */
export class Deaths {
  readonly #stage: Stage;
  readonly #changes: Partial<OperatorOptions>;
  /** Ends of operators that are dead. */
  readonly #dying: Promise<void>[] = [];

  constructor(stage: Stage, changes: Partial<OperatorOptions> = {}) {
    this.#stage = stage;
    this.#changes = changes;
  }

  /**
   * Plays it once in peace, then with a death after each of the writes seen there, or those of them that match; resolves to
   * the points of death, each as "create jobs, time 2". Rejects with the point at which the scenario came to another end.
   */
  async everywhere(prefix: string, scenario: Scenario, which = /./): Promise<string[]> {
    const writes = (await this.#play(`${prefix}-0`, scenario)).filter((write) => which.test(write));
    const times = new Map<string, number>();
    const points = writes.map((write): Point => {
      const time = (times.get(write) ?? 0) + 1;
      times.set(write, time);
      return { write, time };
    });
    const died: string[] = [];
    for (const [index, point] of points.entries()) {
      const { write, time } = point;
      const what = `${write}, time ${time}`;
      const seen = await this.#play(`${prefix}-${index + 1}`, scenario, point).catch((error: unknown) => {
        throw new Error(`with a death after ${what}: ${String(error)}`, { cause: error });
      });
      // Statuses are written as often as there is something new: a last one may have been joined with the one before.
      if (seen.filter((each) => each === write).length >= time) died.push(what);
    }
    await Promise.all(this.#dying.splice(0));
    if (process.env.E2E_KILL_TABLE) console.log(died.map((at) => `${prefix}: ${at}`).join('\n'));
    return died;
  }

  /** Plays the scenario, with a death after the given write; resolves to the writes of the operator that died, or of all. */
  async #play(name: string, scenario: Scenario, death?: Point): Promise<string[]> {
    const writes: string[] = [];
    const first = await this.#live();
    let heir: Promise<Life> | undefined;
    first.proxy.onAnswer = ({ method, path, code }) => {
      const write = inWords(method, path, code);
      if (!write || heir) return;
      writes.push(write);
      if (write !== death?.write || writes.filter((each) => each === write).length < death.time) return;
      first.proxy.die();
      // It takes two seconds to give up its last events; the next scenario does not wait for that.
      this.#dying.push(first.end());
      heir = this.#live();
    };
    try {
      await scenario(name);
    } finally {
      // Nothing dies after the scenario: the heir of an operator that dies at its stop would go on for good.
      first.proxy.onAnswer = () => undefined;
      const last = (await heir) ?? first;
      await last.end();
    }
    return writes;
  }

  /** Starts an operator on a way of its own to the API server. */
  async #live(): Promise<Life> {
    const { kubeConfig } = this.#stage.options();
    const proxy = await startWeatherProxy(this.#stage.plane);
    const operator = this.#stage.startOperator({ ...this.#changes, kubeConfig: through(proxy, kubeConfig) });
    const end = async () => {
      // A dead one cannot reach anything any more: that its stop fails is no news.
      await operator.stop().catch(() => undefined);
      await proxy.stop();
    };
    return { proxy, end };
  }
}

/**
 * What the table of docs/kill-points.md says otherwise of a scenario: writes without a row, and rows whose write was not seen.
 * Both are to be empty. A row is "| scenario | write | times | end |"; what comes "at times" need not be seen.
 */
export function notAsDocumented(
  scenario: string,
  deaths: readonly string[],
): { undocumented: string[]; unseen: string[] } {
  const seen = new Set(deaths.map((death) => death.replace(/, time \d+$/, '')));
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

/** A write that took effect, as "create jobs"; undefined for what is no write, or is only told (events). */
function inWords(method: string, path: string, code: number): string | undefined {
  const verb = VERBS[method];
  if (!verb || code >= 300) return undefined;
  const parts = (path.split('?')[0] ?? '').split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const [resource = '', , subresource] =
    parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  if (resource === 'events' || resource === 'leases') return undefined;
  return `${verb} ${resource}${subresource ? `/${subresource}` : ''}`;
}
