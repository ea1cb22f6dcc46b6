import type { Shape } from './shorten.ts';
import { chooseStarts, footprintOf, type SuiteTraits } from './starts.ts';

/** One attempt at a suite as it ran. Times are seconds from any common moment. */
export interface RanSuite {
  name: string;
  /** Number of the environment, from 0. */
  environment: number;
  start: number;
  end: number;
  traits: SuiteTraits;
  /** An attempt after the first one: it was not due before. */
  again?: boolean;
}

/** A time in which an environment was not Ready. */
export interface UnreadySpan {
  environment: number;
  from: number;
  to: number;
}

/**
 * Why a place was empty while the run went on.
 * - claims: no suite that was due may run beside those that ran.
 * - environment: it was not Ready.
 * - start: a suite could have started, but its components were not ready or its pod came later.
 * - end: no suite was left.
 */
export type LossCause = 'claims' | 'environment' | 'start' | 'end';

/** Seconds of empty places: two empty places for a second are two. */
export interface Loss {
  cause: LossCause;
  seconds: number;
  /** The suites that claimed, or the numbers of the environments, with their part. The largest part comes first. */
  parts: readonly { of: string; seconds: number }[];
}

/** What the places of a run lost. A place is room for one suite in one environment. */
export interface RunLosses {
  /** From the first start to the last end. */
  seconds: number;
  /** Seconds of all places together. */
  places: number;
  losses: readonly Loss[];
}

/** What the places of a run lost, and to what. Suites that mostly wait take no place. Pure. */
export function lossesOf(
  ran: readonly RanSuite[],
  { environments, parallelism }: Shape,
  unready: readonly UnreadySpan[] = [],
): RunLosses {
  const first = Math.min(...ran.map(({ start }) => start));
  const last = Math.max(...ran.map(({ end }) => end));
  if (ran.length === 0 || last <= first) return { seconds: 0, places: 0, losses: [] };
  const moments = [
    ...ran.flatMap(({ start, end }) => [start, end]),
    ...unready.flatMap(({ from, to }) => [from, to]),
  ]
    .filter((at) => at >= first && at <= last)
    .sort((one, other) => one - other);
  const lost = new Map<LossCause, Map<string, number>>();
  moments.slice(1).forEach((to, index) => {
    const from = moments[index] ?? to;
    if (to <= from) return;
    for (let environment = 0; environment < environments; environment += 1) {
      const seen = lookAt(ran, unready, environment, from, parallelism);
      if (!seen) continue;
      const parts = lost.get(seen.cause) ?? new Map<string, number>();
      for (const of of seen.of) {
        parts.set(of, (parts.get(of) ?? 0) + ((to - from) * seen.free) / seen.of.length);
      }
      lost.set(seen.cause, parts);
    }
  });
  const losses = [...lost].map(([cause, found]) => {
    const parts = [...found]
      .map(([of, seconds]) => ({ of, seconds }))
      .sort((one, other) => other.seconds - one.seconds);
    return { cause, seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0), parts };
  });
  return {
    seconds: last - first,
    places: (last - first) * environments * parallelism,
    losses: losses.sort((one, other) => other.seconds - one.seconds),
  };
}

/** The empty places of an environment from a moment on, and why. Undefined: there are none. */
function lookAt(
  ran: readonly RanSuite[],
  unready: readonly UnreadySpan[],
  environment: number,
  at: number,
  parallelism: number,
): { cause: LossCause; free: number; of: readonly string[] } | undefined {
  const running = ran.filter((one) => one.environment === environment && one.start <= at && at < one.end);
  const free = parallelism - running.filter(({ traits }) => !traits.waits).length;
  if (free <= 0) return undefined;
  const here = [`${environment}`];
  const due = ran.filter(
    (one) => one.start > at && !one.again && (!one.traits.last || one.environment === environment),
  );
  const others = due.filter(({ traits }) => !traits.last);
  if (due.length === 0 || (others.length === 0 && isBusy(ran, at))) return { cause: 'end', free, of: here };
  if (unready.some((span) => span.environment === environment && span.from <= at && at < span.to))
    return { cause: 'environment', free, of: here };
  const startable = chooseStarts(
    due.map(({ name, traits }) => ({
      name,
      ready: true,
      last: traits.last === true,
      ...footprintOf(traits),
    })),
    running.map(({ traits }) => footprintOf(traits)),
    parallelism,
  );
  if (startable.length > 0) return { cause: 'start', free, of: here };
  return { cause: 'claims', free, of: running.map(({ name }) => name) };
}

/** Whether a suite runs for whose end those that are last wait. */
function isBusy(ran: readonly RanSuite[], at: number): boolean {
  return ran.some(({ traits, start, end }) => !traits.last && start <= at && at < end);
}
