import { chooseStarts, footprintOf, type SuiteTraits } from './starts.ts';

/** A suite of a run that is to be forecast. */
export interface ForecastSuite {
  name: string;
  /** Seconds that it takes. */
  seconds: number;
  traits: SuiteTraits;
}

/** One suite in one environment. Seconds count from the start of the run's first suite. */
export interface ForecastSlot {
  suite: string;
  /** Number of the environment, from 0. */
  environment: number;
  start: number;
  end: number;
}

/** How a run would go with known durations, before it starts. */
export interface Forecast {
  /** In the order in which the suites start. */
  slots: ForecastSlot[];
  /** Seconds of the whole run. */
  seconds: number;
  /** Seconds that no schedule can beat: the higher one of the bounds. */
  lowerBound: number;
  /** Seconds of the longest suite, and the sum of all suites shared among the slots. What is last comes on top of both. */
  bounds: { longestSuite: number; places: number };
  /** The suites that decide when the run ends: each starts when the one before it makes room. */
  criticalPath: ForecastSlot[];
}

/**
 * What the operator would do, if every environment were ready at once and each suite took its seconds. The suites start in
 * the given order, in the first environment with room, as planRun of the operator starts them.
 * Throws RangeError for less than one environment or one suite at a time.
 */
export function forecast(
  suites: readonly ForecastSuite[],
  { environments, parallelism }: { environments: number; parallelism: number },
): Forecast {
  if (environments < 1 || parallelism < 1) throw new RangeError('a run needs an environment and a slot');
  const slots: ForecastSlot[] = [];
  const due = suites.flatMap((suite) => linesOf(suite, environments));
  let running: (ForecastSlot & { suiteOf: ForecastSuite })[] = [];
  let now = 0;
  while (due.length > 0 || running.length > 0) {
    const othersLeft = [...due.map(({ suite }) => suite), ...running.map(({ suiteOf }) => suiteOf)].some(
      ({ traits }) => !traits.last,
    );
    for (let environment = 0; environment < environments; environment += 1) {
      const here = due.filter(
        (line) => (line.only ?? environment) === environment && !(line.suite.traits.last && othersLeft),
      );
      const names = chooseStarts(
        here.map(({ suite }) => ({
          name: suite.name,
          ready: true,
          last: suite.traits.last === true,
          ...footprintOf(suite.traits),
        })),
        running
          .filter((one) => one.environment === environment)
          .map(({ suiteOf }) => footprintOf(suiteOf.traits)),
        parallelism,
      );
      for (const name of names) {
        const line = here.find(({ suite }) => suite.name === name);
        if (!line) continue;
        due.splice(due.indexOf(line), 1);
        const slot = { suite: name, environment, start: now, end: now + line.suite.seconds };
        slots.push(slot);
        running.push({ ...slot, suiteOf: line.suite });
      }
    }
    now = Math.min(...running.map(({ end }) => end));
    running = running.filter(({ end }) => end > now);
  }
  const bounds = boundsOf(suites, environments, parallelism);
  return {
    slots,
    seconds: now === Number.POSITIVE_INFINITY ? 0 : now,
    lowerBound: Math.max(bounds.longestSuite, bounds.places),
    bounds,
    criticalPath: criticalPath(slots),
  };
}

/** A suite that is last runs once in each environment. */
function linesOf(suite: ForecastSuite, environments: number): { suite: ForecastSuite; only?: number }[] {
  if (!suite.traits.last) return [{ suite }];
  return Array.from({ length: environments }, (_, only) => ({ suite, only }));
}

function boundsOf(
  suites: readonly ForecastSuite[],
  environments: number,
  parallelism: number,
): Forecast['bounds'] {
  const sum = (of: readonly ForecastSuite[]) => of.reduce((total, { seconds }) => total + seconds, 0);
  const last = sum(suites.filter(({ traits }) => traits.last));
  const others = suites.filter(({ traits }) => !traits.last);
  const longest = Math.max(0, ...others.map(({ seconds }) => seconds));
  const places = sum(others.filter(({ traits }) => !traits.waits)) / (environments * parallelism);
  return { longestSuite: longest + last, places: places + last };
}

/** Backwards from the suite that ends last: before each comes the one in its environment whose end it waited for. */
function criticalPath(slots: readonly ForecastSlot[]): ForecastSlot[] {
  const path: ForecastSlot[] = [];
  let slot = slots.toSorted((one, other) => other.end - one.end)[0];
  while (slot) {
    path.unshift(slot);
    const { start, environment } = slot;
    const before = slots.filter(({ end }) => end === start && start > 0);
    slot = before.find((one) => one.environment === environment) ?? before[0];
  }
  return path;
}
