import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { type Forecast, type ForecastSlot, forecast } from '@backendai-e2e/scheduling/forecast';
import { readCatalog, suitesNamed, usualSuites, withLast } from '../catalog/catalog.ts';
import { longestFirst } from '../catalog/order.ts';
import { readTimings } from '../catalog/timings.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { type Format, show } from '../terminal/output.ts';
import { table } from '../terminal/table.ts';

export interface PlanChoice {
  /** Suites, areas or suite files, separated by commas; undefined for all. */
  suites?: string;
  environments: number;
  parallelism?: number;
  includeSlow: boolean;
}

/** Seconds for a suite that suites/timings.json does not have. */
const UNKNOWN_SECONDS = 120;

/** `e2e plan`: when each suite would run, from the seconds of the last whole run. Runs nothing. */
export async function planCommand(choice: PlanChoice, output: Format): Promise<number> {
  const catalog = await readCatalog(PROJECT_ROOT);
  const timings = await readTimings(PROJECT_ROOT);
  const asked = suitesNamed(choice.suites, catalog, choice.includeSlow);
  const all = usualSuites(catalog, choice.includeSlow).map(({ name }) => name);
  const { environments, parallelism = RUN_DEFAULTS.parallelism } = choice;
  const chosen = longestFirst(withLast(asked, catalog, undefined) ?? all, timings);
  const suites = chosen.flatMap((name) => {
    const traits = catalog.find((entry) => entry.name === name);
    return traits ? [{ name, traits, seconds: timings.get(name) ?? UNKNOWN_SECONDS }] : [];
  });
  const data = { environments, parallelism, ...forecast(suites, { environments, parallelism }) };
  show({ table: () => forecastLines(data), data }, output);
  return COMMAND_EXIT.passed;
}

/** The forecast for people: a row for each suite, then what decides how long the run takes. */
export function forecastLines(plan: Forecast & { environments: number }): string[] {
  const rows = plan.slots
    .toSorted((one, other) => one.environment - other.environment || one.start - other.start)
    .map(({ suite, environment, start, end }) => [
      String(environment + 1),
      String(start),
      String(end),
      suite,
    ]);
  const busy = plan.slots.reduce((sum, { start, end }) => sum + end - start, 0);
  const share = plan.seconds === 0 ? 100 : Math.round((100 * plan.lowerBound) / plan.seconds);
  return [
    ...table(['environment', 'start', 'end', 'suite'], rows),
    '',
    `Run: ${plan.seconds} s in ${plan.environments} environments; the suites take ${busy} s in all.`,
    `Lower bound: ${Math.ceil(plan.lowerBound)} s, ${share} % of the run.`,
    `Critical path: ${plan.criticalPath.map(inWords).join(', ')}.`,
  ];
}

function inWords({ suite, start, end }: ForecastSlot): string {
  return `${suite} (${end - start} s)`;
}
