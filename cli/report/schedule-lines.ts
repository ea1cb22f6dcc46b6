import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentOf, environmentsOf, type TestRun } from '@backendai-e2e/api/test-run';
import { plainLine } from '@backendai-e2e/results/plain-text';
import type { RunCost } from '@backendai-e2e/results/run-file';
import { forecast } from '@backendai-e2e/scheduling/forecast';
import { type Loss, type LossCause, lossesOf, type RanSuite } from '@backendai-e2e/scheduling/losses';
import type { Shape } from '@backendai-e2e/scheduling/shorten';
import type { CatalogEntry } from '../catalog/catalog.ts';
import type { NotReady } from '../runs/readiness-watch.ts';
import { waitsOf } from './waits.ts';

/** A run that ended, and what the command saw of it. */
export interface SeenSchedule {
  run: TestRun;
  reports: readonly TestReport[];
  cost?: RunCost | undefined;
  notReady?: readonly NotReady[] | undefined;
}

const CAUSES: Readonly<Record<LossCause, string>> = {
  claims: 'claims of suites that ran',
  environment: 'environments that were not ready',
  start: 'starts that came late',
  end: 'the end, with no suite left',
};
/** Suites or environments that are named for a cause. */
const NAMED = 3;

/**
 * How far the schedule of a run came to its bound, and what its places lost, for people. No lines for a run with fewer than two
 * suites: there was nothing to schedule. Pure.
 */
export function scheduleLines(seen: SeenSchedule, catalog: readonly CatalogEntry[]): string[] {
  const { run, cost, notReady = [] } = seen;
  const environments = environmentsOf(run);
  const shape = {
    environments: environments.length,
    parallelism: run.spec.parallelism ?? RUN_DEFAULTS.parallelism,
  };
  const ran = ranSuites(seen, environments, catalog);
  if (new Set(ran.map(({ name }) => name)).size < 2) return [];
  const spans = notReady.map(({ environment, from, to }) => ({
    environment: environments.indexOf(environment),
    ...{ from: Date.parse(from) / 1000, to: Date.parse(to) / 1000 },
  }));
  const found = lossesOf(ran, shape, spans);
  const bounds = boundsIn(ran, shape, cost);
  const bound = Math.max(...bounds.map(({ seconds }) => seconds));
  const lost = found.losses.reduce((sum, { seconds }) => sum + seconds, 0);
  const waits = waitsOf(seen).reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    `schedule: ${whole(found.seconds)} from the first start to the last end, bound ${whole(bound)}: ${percent(bound, found.seconds)} reached`,
    ...bounds.map(({ what, seconds }) => `  ${what}: ${whole(seconds)}`),
    `empty places: ${whole(lost)} of ${whole(found.places)}${lost >= 0.5 ? ', lost to' : ''}`,
    ...found.losses.filter(isSeen).map((loss) => `  ${lossInWords(loss, environments)}`),
    ...(waits > 0 ? [`waits of more than 5 s: ${whole(waits)} (./e2e show --waits)`] : []),
  ].map(plainLine);
}

/** Each attempt from the creation of its report to its end. */
function ranSuites(
  { run, reports }: SeenSchedule,
  environments: readonly string[],
  catalog: readonly CatalogEntry[],
): RanSuite[] {
  return reports.flatMap(({ metadata, spec, status }) => {
    const [start, end] = [metadata.creationTimestamp, status?.finishedAt ?? status?.updatedAt].map(
      (at) => Date.parse(at ?? '') / 1000,
    );
    const environment = environments.indexOf(environmentOf(run, spec));
    if (start === undefined || end === undefined || !(end > start) || environment < 0) return [];
    const traits = catalog.find(({ name }) => name === spec.suite) ?? {};
    return [{ name: spec.suite, environment, start, end, traits, again: spec.attempt > 1 }];
  });
}

/** What no schedule of these suites beats. A suite that is last ran at the same time in each environment. */
function boundsIn(
  ran: readonly RanSuite[],
  shape: Shape,
  cost: RunCost | undefined,
): { what: string; seconds: number }[] {
  const suites = ran.map(({ name, start, end, traits }) => ({ name, seconds: end - start, traits }));
  const longestFirst = suites.toSorted((one, other) => other.seconds - one.seconds);
  const once = longestFirst.filter(
    ({ name, traits }, index) => !traits.last || longestFirst.findIndex((one) => one.name === name) === index,
  );
  const { longestSuite, places } = forecast(once, shape).bounds;
  return [
    { what: 'the longest suite', seconds: longestSuite },
    { what: `the places, ${shape.environments} × ${shape.parallelism}`, seconds: places },
    ...(cost
      ? [
          {
            what: `the CPU, ${Math.round(cost.cpuSeconds)} CPU seconds on ${cost.cores} cores`,
            seconds: cost.cpuSeconds / cost.cores,
          },
        ]
      : []),
  ];
}

function lossInWords({ cause, seconds, parts }: Loss, environments: readonly string[]): string {
  const shown = parts.filter(isSeen);
  const names = shown
    .slice(0, NAMED)
    .map(({ of, seconds: part }) => `${cause === 'claims' ? of : environments[Number(of)]} ${whole(part)}`);
  const more = shown.length > NAMED ? `, and ${shown.length - NAMED} more` : '';
  return `${CAUSES[cause]}: ${whole(seconds)} (${names.join(', ')}${more})`;
}

/** Whether it is more than zero when it is printed. */
function isSeen({ seconds }: { seconds: number }): boolean {
  return seconds >= 0.5;
}

function whole(seconds: number): string {
  return `${Math.round(seconds)} s`;
}

function percent(part: number, of: number): string {
  return `${of > 0 ? Math.round((100 * part) / of) : 100} %`;
}
