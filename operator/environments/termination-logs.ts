import type { KubeClient } from '@backendai-e2e/kube/client';
import { objectName } from '@backendai-e2e/kube/object';
import { type DeadContainer, inOneLine, logKey } from './components.ts';
import { secretsInNamespace } from './environment-secrets.ts';

/** Last lines of a log to read. */
const LINES = 5;
/** Maximum bytes of these lines. */
const BYTES = 16 * 1024;
/** Milliseconds for the kubelet's answer: it must not delay a status for long. */
const LOG_MS = 3_000;
/** Logs requested at once, and logs remembered. */
const AT_ONCE = 5;
const REMEMBERED = 200;

/** The last log lines of crashed containers in environments, read once per crash, with all secrets masked. */
export class TerminationLogs {
  readonly #client: Pick<KubeClient, 'list' | 'podLogs'>;
  readonly #known = new Map<string, string>();

  constructor(client: Pick<KubeClient, 'list' | 'podLogs'>) {
    this.#client = client;
  }

  /** The last lines of the containers of one namespace, by logKey. A log that cannot be read contains the reason. */
  async of(
    namespace: string,
    dead: readonly DeadContainer[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const unknown = dead.filter((each) => !this.#known.has(logKey(each))).slice(0, AT_ONCE);
    if (unknown.length > 0) {
      const secrets = await secretsInNamespace(this.#client, namespace, signal);
      await Promise.all(
        unknown.map(async (each) => {
          this.#known.set(logKey(each), inOneLine(secrets.mask(await this.#read(each, signal))));
        }),
      );
      for (const key of [...this.#known.keys()].slice(0, -REMEMBERED)) this.#known.delete(key);
    }
    return this.#known;
  }

  async #read({ pod, container, previous }: DeadContainer, signal: AbortSignal): Promise<string> {
    const query = { container, tailLines: LINES, limitBytes: BYTES, ...(previous ? { previous } : {}) };
    try {
      return await this.#client.podLogs(objectName(pod), query, { signal, deadlineMs: LOG_MS });
    } catch (error) {
      signal.throwIfAborted();
      return `(the log cannot be read: ${error instanceof Error ? error.message : String(error)})`;
    }
  }
}
