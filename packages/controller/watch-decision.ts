import { type Backoff, backoffMs, jittered } from '@backendai-e2e/kube/backoff';

/** How a list or a watch ended. */
export type Ended =
  /** The watch ended normally (the API server ends each after some minutes). */
  | 'server'
  /** 410: the resourceVersion is too old. */
  | 'gone'
  /** The watch sent nothing for too long, not even a bookmark. */
  | 'silence'
  /** It is time for a full list. */
  | 'periodic'
  /** Anything else: connection, 5xx, 403, a line that is not JSON. */
  | 'error';

/** The state of an informer between steps. */
export interface FollowState {
  /** Abnormal ends since a watch was last healthy. */
  failures: number;
  /** Where a watch can continue; undefined when a list is needed. */
  resourceVersion: string | undefined;
}

/** What to do next. `reason` is for the metric of lists. */
export type Step =
  | { do: 'list'; afterMs: number; reason: ListReason }
  | { do: 'watch'; afterMs: number; resourceVersion: string };

/** Why an informer lists: at its start, or after this end of a list or watch. */
export type ListReason = 'start' | Exclude<Ended, 'server'>;

/** Between tries: 0.5 s to 30 s. client-go's reflector uses 0.8 s to 30 s. */
const FOLLOW_BACKOFF: Backoff = { baseMs: 500, capMs: 30_000 };

/** Failed watches in a row after which a list is tried. The API server may have been restored from a backup. */
const WATCHES_BEFORE_LIST = 3;

/**
 * Decides the next step and the new state. Pure except for `random`.
 * `healthy`: the watch sent at least one line, or lasted long enough to count as working.
 */
export function nextStep(
  state: FollowState,
  ended: Ended,
  healthy: boolean,
  random: () => number = Math.random,
): { state: FollowState; step: Step } {
  const failures =
    (healthy ? 0 : state.failures) + (ended === 'periodic' || (ended === 'server' && healthy) ? 0 : 1);
  const { resourceVersion } = state;
  const afterMs = jittered(backoffMs(FOLLOW_BACKOFF, failures), 0.5, random);
  const list = (reason: ListReason, wait: number) => ({
    state: { failures, resourceVersion: undefined },
    step: { do: 'list', afterMs: wait, reason } as const,
  });
  if (ended === 'periodic') return list('periodic', 0);
  // Reacts at once to the first 410 and the first silence; repeated ones are treated like any error.
  if (ended === 'gone' || ended === 'silence') return list(ended, failures <= 1 ? 0 : afterMs);
  if (resourceVersion === undefined || failures >= WATCHES_BEFORE_LIST) return list('error', afterMs);
  return { state: { failures, resourceVersion }, step: { do: 'watch', afterMs, resourceVersion } };
}
