import { type ForecastSuite, forecast } from './forecast.ts';

/** The places of a run. */
export interface Shape {
  environments: number;
  /** Suites side by side in each. */
  parallelism: number;
}

/** A change of a run, and what the run takes with it. */
export interface Shortening {
  change: 'environment' | 'parallelism' | 'split';
  /** The suite that is cut into two equal parts, where the change is a split. */
  suite?: string;
  /** Seconds of the changed run. */
  seconds: number;
  /** Seconds less than without the change. */
  saved: number;
}

/** Changes that are worth a line. */
const MOST = 5;

/**
 * What would shorten a run, the most effective change first. A change is one environment more, or one suite more side by side.
 * Or a suite of the critical path is cut into two. Changes that save less than a second are left out. Pure.
 * @param least seconds that the machine needs for the work, whatever the schedule: no change goes below
 */
export function shortenings(suites: readonly ForecastSuite[], shape: Shape, least = 0): Shortening[] {
  const secondsOf = (all: readonly ForecastSuite[], places: Shape): number =>
    Math.max(forecast(all, places).seconds, least);
  const { criticalPath } = forecast(suites, shape);
  const now = secondsOf(suites, shape);
  const { environments, parallelism } = shape;
  const critical = suites.filter(
    ({ name, traits }) => !traits.last && criticalPath.some(({ suite }) => suite === name),
  );
  const changed: Omit<Shortening, 'saved'>[] = [
    { change: 'environment', seconds: secondsOf(suites, { ...shape, environments: environments + 1 }) },
    { change: 'parallelism', seconds: secondsOf(suites, { ...shape, parallelism: parallelism + 1 }) },
    ...critical.map(({ name }) => ({
      ...{ change: 'split' as const, suite: name },
      seconds: secondsOf(split(suites, name), shape),
    })),
  ];
  return changed
    .map((each) => ({ ...each, saved: now - each.seconds }))
    .filter(({ saved }) => saved >= 1)
    .sort((one, other) => other.saved - one.saved)
    .slice(0, MOST);
}

/** The suites with one of them cut into two, longest first again. */
function split(suites: readonly ForecastSuite[], name: string): ForecastSuite[] {
  return suites
    .flatMap((suite) => {
      if (suite.name !== name) return [suite];
      const seconds = suite.seconds / 2;
      return [1, 2].map((part) => ({ ...suite, name: `${name} (${part} of 2)`, seconds }));
    })
    .sort((one, other) => other.seconds - one.seconds);
}
