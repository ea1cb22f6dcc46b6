import type { Window } from '@backendai-e2e/results/causes/scene';
import { exchangesIn } from '@backendai-e2e/results/exchanges';
import type { PageData, PageFailure } from '../data/page-data.ts';

/** How long something took that a suite did: a measured start or recovery, or a request of a failed test. */
export interface Latency {
  suite: string;
  environment: string;
  name: string;
  seconds: number;
  /** When it ended, ms since 1970. */
  at: number;
  /** How a request ended. Absent: it is no request. */
  answered?: 'well' | 'badly' | 'not';
}

/** Units of time, in seconds. */
const SECONDS: Readonly<Record<string, number>> = { s: 1, ms: 0.001 };
/** The least time that is drawn as itself, seconds. */
const LEAST = 0.001;

/** The times that suites measured and that ended within a window, in one environment or in all, by their end. Pure. */
export function latenciesIn(
  { suites }: Pick<PageData, 'suites'>,
  { from, to }: Window,
  environment?: string,
): Latency[] {
  return suites
    .filter((suite) => environment === undefined || suite.environment === environment)
    .flatMap((suite) =>
      suite.measurements.flatMap(({ name, value, unit, at }): Latency[] => {
        const factor = SECONDS[unit];
        if (at === undefined || factor === undefined || value < 0 || at < from || at > to) return [];
        return [{ suite: suite.name, environment: suite.environment, name, seconds: value * factor, at }];
      }),
    )
    .toSorted((one, other) => one.at - other.at);
}

/** The requests of a failed test that its error lists, and that ended within a window. Pure. */
export function requestsOf(
  { error, suite, environment }: Pick<PageFailure, 'error' | 'suite' | 'environment'>,
  { from, to }: Window,
): Latency[] {
  return exchangesIn(error)
    .filter(({ at }) => at >= from && at <= to)
    .map(({ at, method, path, status, seconds, times }): Latency => {
      const often = times > 1 ? `, ${times} times` : '';
      return {
        ...{ suite, environment, seconds, at },
        name: `${method} ${path} → ${status ?? 'no answer'}${often}`,
        answered: status === undefined ? 'not' : status >= 500 ? 'badly' : 'well',
      };
    });
}

/** A scale over whole powers of ten: requests take milliseconds and recoveries minutes. */
export interface Decades {
  /** Seconds at its ends. */
  low: number;
  high: number;
  /** Where some seconds lie: 0 at the low end, 1 at the high one. */
  share: (seconds: number) => number;
}

/** The scale of these times. Pure. */
export function decadesOf(latencies: readonly Pick<Latency, 'seconds'>[]): Decades {
  const logs = latencies.map(({ seconds }) => Math.log10(Math.max(LEAST, seconds)));
  const low = Math.floor(Math.min(0, ...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs, low + 1)));
  return {
    ...{ low: 10 ** low, high: 10 ** high },
    share: (seconds) => (Math.log10(Math.max(LEAST, seconds)) - low) / (high - low),
  };
}
