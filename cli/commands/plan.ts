import { availableParallelism } from 'node:os';
import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { SuiteDuration } from '@backendai-e2e/results/history/suite-durations';
import { forecast } from '@backendai-e2e/scheduling/forecast';
import { type Shortening, shortenings } from '@backendai-e2e/scheduling/shorten';
import { readCatalog } from '../catalog/catalog.ts';
import { suitesNamed, usualSuites, withLast } from '../catalog/chosen-suites.ts';
import { secondsOf } from '../catalog/durations.ts';
import { longestFirst } from '../catalog/order.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { type CpuBound, type PlannedRun, planLines } from '../report/plan-lines.ts';
import { type Format, show } from '../terminal/output.ts';
import { readDurations } from './suite-durations.ts';

/** What a user chooses of `e2e plan`. */
export interface PlanChoice {
  /** Suites, areas or suite files, separated by commas; undefined for all. */
  suites?: string;
  environments: number;
  parallelism?: number;
  includeSlow: boolean;
}

/** `e2e plan`: when each suite would run, by the durations of earlier runs. Runs nothing. */
export async function planCommand(choice: PlanChoice, output: Format): Promise<number> {
  const catalog = await readCatalog(PROJECT_ROOT);
  const { environments, parallelism = RUN_DEFAULTS.parallelism } = choice;
  const asked = suitesNamed(choice.suites, catalog, choice.includeSlow);
  const all = usualSuites(catalog, choice.includeSlow).map(({ name }) => name);
  const names = withLast(asked, catalog, undefined) ?? all;
  const { durations, cpu, troubles } = await readDurations(names, { root: PROJECT_ROOT, environments });
  for (const trouble of troubles) console.error(`e2e: note: ${trouble}`);
  const seconds = secondsOf(durations);
  const suites = longestFirst(names, seconds).flatMap((name) => {
    const traits = catalog.find((entry) => entry.name === name);
    return traits ? [{ name, traits, seconds: seconds.get(name) ?? 0 }] : [];
  });
  const shape = { environments, parallelism };
  const planned = forecast(suites, shape);
  const busy = planned.slots.reduce((sum, { start, end }) => sum + end - start, 0);
  const bound = cpu && cpuBound(cpu, busy, availableParallelism());
  const shorter: readonly Shortening[] = shortenings(suites, shape, bound?.seconds);
  const data: PlannedRun = {
    ...shape,
    ...planned,
    lowerBound: Math.max(planned.lowerBound, bound?.seconds ?? 0),
    durations: Object.fromEntries(durations),
    ...(bound ? { cpu: bound } : {}),
    shortenings: shorter,
  };
  show({ table: () => planLines(data), data }, output);
  return COMMAND_EXIT.passed;
}

/** What the CPU takes at least, if suites take as much of it as in earlier runs. */
function cpuBound({ seconds: rate, runs }: SuiteDuration, busy: number, cores: number): CpuBound {
  const cpuSeconds = Math.round(rate * busy);
  return { cpuSeconds, cores, seconds: cpuSeconds / cores, runs };
}
