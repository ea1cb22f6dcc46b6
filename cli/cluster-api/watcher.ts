import { setTimeout as delay } from 'node:timers/promises';
import {
  ApiError,
  type ClusterClient,
  ClusterUnreachable,
  type KubeList,
  type KubeObject,
  type Query,
  type WatchEvent,
} from './client.ts';

/** What observe needs of a client. */
export type Watcher = Pick<ClusterClient, 'get' | 'watch'>;

export interface ObserveOptions {
  signal: AbortSignal;
  /** Milliseconds without a single good answer after which observing gives up. Default 60 000. */
  patienceMs?: number;
  /** First pause after a failure, doubled up to 5 s. Default 200. */
  pauseMs?: number;
  now?: () => number;
}

/**
 * Follows a collection: yields all its objects by name, first as listed, then after each change. A watch that is cut
 * or too old is begun anew with a list, so nothing is missed and a deletion in the gap is seen. Ends only by throwing:
 * the signal's reason, a refusal of the API server (403, 404 …), or ClusterUnreachable after `patienceMs`.
 */
export async function* observe<T extends KubeObject>(
  client: Watcher,
  path: string,
  query: Query,
  options: ObserveOptions,
): AsyncGenerator<ReadonlyMap<string, T>> {
  const { signal, patienceMs = 60_000, pauseMs = 200, now = Date.now } = options;
  let lastGood = now();
  let pause = pauseMs;
  for (;;) {
    try {
      const list = await client.get<KubeList<T>>(path, query, signal);
      const seen = new Map(list.items.map((item) => [item.metadata.name, item]));
      lastGood = now();
      pause = pauseMs;
      yield new Map(seen);
      const began = now();
      const from = { ...query, resourceVersion: list.metadata.resourceVersion };
      for await (const event of client.watch<T>(path, from, signal)) {
        lastGood = now();
        if (applied(seen, event)) yield new Map(seen);
      }
      // A server that ends every watch at once must not be asked in a tight loop.
      if (now() - began < 1_000) await delay(pauseMs, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (now() - lastGood > patienceMs) {
        throw new ClusterUnreachable(
          `no answer from the API server for ${Math.round(patienceMs / 1000)} s while following ${path}; last: ${String(error)}`,
          { cause: error },
        );
      }
      await delay(pause, undefined, { signal });
      pause = Math.min(pause * 2, 5_000);
    }
  }
}

function applied<T extends KubeObject>(seen: Map<string, T>, event: WatchEvent<T>): boolean {
  if (event.type === 'BOOKMARK') return false;
  const { name } = event.object.metadata;
  if (event.type === 'DELETED') return seen.delete(name);
  seen.set(name, event.object);
  return true;
}

/** Whether trying again can help: connection trouble, an expired resourceVersion, an overloaded or starting server. */
function isPassing(error: unknown): boolean {
  if (error instanceof ClusterUnreachable) return true;
  return error instanceof ApiError && (error.code === 410 || error.code === 429 || error.code >= 500);
}
