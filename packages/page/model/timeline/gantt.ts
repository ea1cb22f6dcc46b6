import type { SuiteTraits } from '@backendai-e2e/scheduling/starts';
import type { Bar, Gantt, Lane } from '../data/page-data.ts';
import { gainsOf } from './gains.ts';
import { gapsOf } from './idle.ts';

/** An attempt with the time in which it ran. */
export interface Ran extends Bar {
  environment: string;
  /** Beside what it may run; undefined where the catalog does not say. */
  traits?: SuiteTraits | undefined;
}

interface Row {
  environment: string;
  waits: boolean;
  slot: number;
  bars: Ran[];
}

/**
 * Lays attempts into lanes. Each environment has as many lanes as attempts that ran there at once. Suites that mostly wait take
 * no slot: they have lanes of their own. Overlaps of a few milliseconds, by clocks of different pods, still share a lane.
 */
export function ganttOf(attempts: readonly Ran[], run?: { from?: number; to?: number }): Gantt {
  const sorted = [...attempts].sort((a, b) => a.from - b.from || a.to - b.to);
  const from = Math.min(run?.from ?? Number.POSITIVE_INFINITY, ...sorted.map((each) => each.from));
  const to = Math.max(run?.to ?? 0, ...sorted.map((each) => each.to));
  const rows = rowsOf(sorted);
  const end = Math.max(0, ...sorted.map((each) => each.to));
  const critical = criticalPath(sorted);
  const slots = rows.filter(({ waits }) => !waits);
  const places = {
    environments: Math.max(1, new Set(rows.map(({ environment }) => environment)).size),
    parallelism: Math.max(1, ...slots.map(({ slot }) => slot)),
  };
  return {
    from: Number.isFinite(from) ? from : 0,
    to,
    lanes: rows.map((row) => laneOf(row, sorted, { from, to: end })),
    critical: critical.map(({ anchor }) => anchor),
    gains: gainsOf(critical, sorted, places),
  };
}

/** Lanes of an environment, its slots first. */
function rowsOf(sorted: readonly Ran[]): Row[] {
  const rows: Row[] = [];
  for (const attempt of sorted) {
    const waits = attempt.traits?.waits === true;
    const own = rows.filter((row) => row.environment === attempt.environment && row.waits === waits);
    const free = own.find(({ bars }) => (bars.at(-1)?.to ?? 0) <= attempt.from + 100);
    if (free) free.bars.push(attempt);
    else rows.push({ environment: attempt.environment, waits, slot: own.length + 1, bars: [attempt] });
  }
  return rows.sort(
    (a, b) =>
      a.environment.localeCompare(b.environment) || Number(a.waits) - Number(b.waits) || a.slot - b.slot,
  );
}

/** A lane as the page has it. A lane of suites that wait is no slot that could be idle. */
function laneOf(
  { environment, waits, slot, bars }: Row,
  all: readonly Ran[],
  window: { from: number; to: number },
): Lane {
  const here = all.filter((each) => each.environment === environment);
  const gaps = waits ? [] : gapsOf(bars, here, window);
  return {
    ...{ environment, slot, gaps },
    ...(waits ? { waits } : {}),
    bars: bars.map(({ traits: _catalog, environment: _lane, ...bar }) => bar),
    idleSeconds: gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0) / 1000,
  };
}

/**
 * The attempts that decide the end of the run, from the last end backwards. Before each attempt comes the one whose end let it
 * start. That is the one that ended last before it, in its environment if there is one.
 */
function criticalPath(attempts: readonly Ran[]): Ran[] {
  const path: Ran[] = [];
  let current = attempts.toSorted((a, b) => b.to - a.to)[0];
  while (current) {
    path.unshift(current);
    const { environment, from } = current;
    const earlier = attempts
      .filter((each) => each.to <= from + 100 && !path.includes(each))
      .sort((a, b) => b.to - a.to);
    current = earlier.find((each) => each.environment === environment);
  }
  return path;
}
