import { type Clock, sleep, systemClock } from './clock.ts';
import { ApiError, lacksRights } from './requests/api-error.ts';

/**
 * How long a refusal may only mean that the API server does not know a new RoleBinding yet, milliseconds. Its authorizer
 * reads bindings from a watch, which lags behind on a busy control plane.
 */
export const RIGHTS_SETTLE_MS = 60_000;
/** Pauses between tries, milliseconds. The last one repeats. */
const PAUSES_MS = [100, 250, 500, 1_000, 2_000];

/**
 * Calls the API with rights that the caller has just got, and repeats a refusal by RBAC. Once it has lasted for `withinMs`,
 * rejects with the last refusal and its duration. Rejects with any other error at once.
 */
export async function withSettlingRights<T>(
  call: () => Promise<T>,
  { withinMs = RIGHTS_SETTLE_MS, clock = systemClock, signal = new AbortController().signal }: Settling = {},
): Promise<T> {
  const since = clock.monotonicMs();
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!lacksRights(error)) throw error;
      const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1] ?? 0;
      const lasted = clock.monotonicMs() - since;
      if (lasted + pause > withinMs) throw lasting(error, tries, lasted);
      await sleep(clock, pause, signal);
    }
  }
}

interface Settling {
  withinMs?: number;
  clock?: Clock;
  signal?: AbortSignal;
}

function lasting(error: ApiError, tries: number, lasted: number): ApiError {
  const { code, reason, what, detail } = error;
  const message = `${detail} (still refused after ${Math.round(lasted / 1000)} s and ${tries} tries: does a RoleBinding give the account this right?)`;
  return new ApiError({ code, reason, what, message, cause: error });
}
