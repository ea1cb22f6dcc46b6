import type { Forecast, ForecastSlot } from '@backendai-e2e/scheduling/forecast';
import type { Shape, Shortening } from '@backendai-e2e/scheduling/shorten';
import { type PlannedDuration, sourceInWords } from '../catalog/durations.ts';
import { TIMINGS_FILE } from '../catalog/timings.ts';
import { table } from '../terminal/table.ts';

/** Seconds that the cores take for a run, whatever the schedule. */
export interface CpuBound {
  cpuSeconds: number;
  cores: number;
  /** cpuSeconds divided by cores. */
  seconds: number;
  /** Number of runs of the history that the estimate is taken from. */
  runs: number;
}

/** A run that is planned. */
export interface PlannedRun extends Forecast, Shape {
  /** By suite. */
  durations: Readonly<Record<string, PlannedDuration>>;
  /** Absent where too few runs of the history have their CPU seconds. */
  cpu?: CpuBound;
  shortenings: readonly Shortening[];
}

/** A planned run for people: the suites of each environment in order. What decides how long the run takes follows. */
export function planLines(plan: PlannedRun): string[] {
  const rows = plan.slots
    .toSorted((one, other) => one.environment - other.environment || one.start - other.start)
    .map(({ suite, environment, start, end }) => {
      const duration = plan.durations[suite];
      return [...[environment + 1, start, end].map(String), suite, duration ? sourceInWords(duration) : ''];
    });
  const busy = plan.slots.reduce((sum, { start, end }) => sum + end - start, 0);
  const share = plan.seconds === 0 ? 100 : Math.round((100 * plan.lowerBound) / plan.seconds);
  return [
    ...table(['environment', 'start', 'end', 'suite', 'duration from'], rows),
    '',
    `Run: ${plan.seconds} s in ${plan.environments} environments; the suites take ${busy} s in all.`,
    `Lower bound: ${Math.ceil(plan.lowerBound)} s, ${share} % of the run. It is the highest of:`,
    ...boundLines(plan),
    `Critical path: ${plan.criticalPath.map(inWords).join(', ')}.`,
    `Durations: ${sourcesOf(plan)}.`,
    ...shorteningLines(plan),
  ];
}

function boundLines({ bounds, cpu, environments, parallelism }: PlannedRun): string[] {
  const { longestSuite, places } = bounds;
  return [
    `  the longest suite: ${Math.ceil(longestSuite)} s`,
    `  the places, ${environments} × ${parallelism}: ${Math.ceil(places)} s`,
    cpu
      ? `  the CPU, ${cpu.cpuSeconds} CPU seconds on ${cpu.cores} cores: ${Math.ceil(cpu.seconds)} s (as in ${cpu.runs} runs of the history)`
      : '  the CPU: not known, fewer than three comparable runs of the history have it',
  ];
}

function sourcesOf({ durations }: PlannedRun): string {
  const all = Object.values(durations);
  const count = (from: PlannedDuration['from']) => all.filter((each) => each.from === from).length;
  return `${count('history')} from the history, ${count('timings')} from ${TIMINGS_FILE}, ${count('assumed')} assumed`;
}

function shorteningLines({ shortenings }: PlannedRun): string[] {
  if (shortenings.length === 0) return ['Nothing would shorten it: neither a further place nor a cut suite.'];
  return [
    'What would shorten it:',
    ...shortenings.map(
      (each) => `  ${changeInWords(each)}: ${Math.ceil(each.seconds)} s, ${Math.round(each.saved)} s less`,
    ),
  ];
}

function changeInWords({ change, suite }: Shortening): string {
  switch (change) {
    case 'environment':
      return 'one environment more';
    case 'parallelism':
      return 'one suite more side by side';
    case 'split':
      return `${suite} as two suites of half its length`;
  }
}

function inWords({ suite, start, end }: ForecastSlot): string {
  return `${suite} (${end - start} s)`;
}
