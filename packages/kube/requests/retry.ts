import { type Backoff, backoffMs, jittered } from '../backoff.ts';

/** The outcome of one try of a request. */
export type TryOutcome =
  /** The API server answered with an error. */
  | { kind: 'answer'; code: number; retryAfterSeconds?: number | undefined }
  /** The connection was not established: nothing was sent. */
  | { kind: 'refused' }
  /** The connection broke, or the answer is late. Whether the request had an effect is unknown. */
  | { kind: 'broken' };

/** A try that ended, as the decision about another one sees it. */
export interface TryState {
  method: string;
  outcome: TryOutcome;
  /** Tries so far, this one included. */
  tries: number;
  /** Milliseconds left until the call's deadline. */
  remainingMs: number;
}

/** Between tries: 100 ms, 200 ms … 5 s, plus up to half of that. */
const RETRY_BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

/**
 * Milliseconds to wait before the next try. Undefined when there must be none. The answer is final, a second try could do harm,
 * or the deadline would pass first. Pure.
 *
 * A POST is not repeated when its effect is unknown. It would fail with AlreadyExists, or create a second object where the
 * server chooses the name. 429, and 503 with Retry-After, are refusals before any effect.
 * Retry-After takes precedence over the backoff.
 */
export function retryDelayMs(state: TryState, random: () => number = Math.random): number | undefined {
  if (!mayRetry(state)) return undefined;
  const asked = state.outcome.kind === 'answer' ? state.outcome.retryAfterSeconds : undefined;
  const own = jittered(backoffMs(RETRY_BACKOFF, state.tries), 0.5, random);
  const delay = asked === undefined ? own : Math.max(asked * 1000, own);
  return delay < state.remainingMs ? delay : undefined;
}

/**
 * Tries of a request that is answered with 500. The cause is often permanent (a webhook, a bug), but it can be a change
 * of etcd's leader.
 */
const TRIES_ON_500 = 3;

function mayRetry({ method, outcome, tries }: TryState): boolean {
  const repeatable = method !== 'POST';
  switch (outcome.kind) {
    case 'refused':
      return true;
    case 'broken':
      return repeatable;
    case 'answer':
      if (outcome.code === 429) return true;
      if (outcome.code === 503) return repeatable || outcome.retryAfterSeconds !== undefined;
      if (outcome.code === 500) return repeatable && tries < TRIES_ON_500;
      return repeatable && (outcome.code === 502 || outcome.code === 504);
  }
}

/** Seconds of a Retry-After header: a number, or an HTTP date. Undefined without a readable one. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now.getTime()) / 1000);
}
