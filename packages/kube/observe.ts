import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from './backoff.ts';
import type { KubeObject } from './objects/object.ts';
import { ApiError, isGone, isUnreachable } from './requests/api-error.ts';
import type { WatchEvent } from './requests/calls.ts';
import type { Query } from './requests/request.ts';
import type { KubeList, RestClient } from './rest-client.ts';

/** What observe needs of a client. */
export type Watcher = Pick<RestClient, 'get' | 'watch'>;

/** How long an observation survives failures of the API server. */
export interface ObserveOptions {
  signal: AbortSignal;
  /** Milliseconds without a single good answer after which observing gives up. Default 60 000. */
  patienceMs?: number;
  /** First pause after a failure, doubled up to 5 s. Default 200. */
  pauseMs?: number;
  /** Milliseconds since a fixed point in time. */
  now?: () => number;
}

/** A watch that ends sooner than this is not begun again at once, milliseconds. */
const SHORT_MS = 1_000;

/**
 * Follows a collection: yields all its objects by name, first as listed, then after each change. A watch that is cut or too old
 * starts again with a list. So no change is missed, and a deletion in the gap is seen.
 *
 * Ends only by throwing. It throws the signal's reason, or a refusal of the API server (403, 404 …). After `patienceMs` without
 * an answer, it throws an ApiError that isUnreachable accepts.
 */
export async function* observe<T extends KubeObject>(
  client: Watcher,
  path: string,
  query: Query,
  options: ObserveOptions,
): AsyncGenerator<ReadonlyMap<string, T>> {
  const { signal, patienceMs = 60_000, pauseMs = 200, now = () => performance.now() } = options;
  const pause = (failures: number) =>
    delay(backoffMs({ baseMs: pauseMs, capMs: 5_000 }, failures), undefined, { signal });
  let lastGood = now();
  let failures = 0;
  for (;;) {
    try {
      const list = await client.get<KubeList<T>>(path, query, signal);
      const seen = new Map(list.items.map((item) => [item.metadata.name, item]));
      lastGood = now();
      failures = 0;
      yield new Map(seen);
      const began = now();
      const from = { ...query, resourceVersion: list.metadata.resourceVersion };
      for await (const event of client.watch<T>(path, from, signal)) {
        lastGood = now();
        if (applied(seen, event)) yield new Map(seen);
      }
      signal.throwIfAborted();
      // A server that ends every watch at once must not be asked in a tight loop.
      if (now() - began < SHORT_MS) await pause(1);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (now() - lastGood > patienceMs) {
        throw new ApiError({
          what: `follow ${path}`,
          code: 0,
          reason: 'NoAnswer',
          message: `no answer from the API server for ${Math.round(patienceMs / 1000)} s; last: ${String(error)}`,
          cause: error,
        });
      }
      failures += 1;
      await pause(failures);
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
  if (isUnreachable(error) || isGone(error)) return true;
  return error instanceof ApiError && (error.code === 429 || error.code >= 500);
}
