import type { Bar, Gantt, Lane } from './page-data.ts';

/** An attempt with the time in which it ran. */
export interface Ran extends Bar {
  environment: string;
}

/** Below this, a gap between two attempts of a lane is the time to start one. */
const SHORT_GAP_MS = 1_000;

/**
 * Lays attempts into lanes. Each environment has as many lanes as attempts that ran there at once. Overlaps of a few
 * milliseconds, by clocks of different pods, still share a lane.
 */
export function ganttOf(attempts: readonly Ran[], run?: { from?: number; to?: number }): Gantt {
  const sorted = [...attempts].sort((a, b) => a.from - b.from || a.to - b.to);
  const from = Math.min(run?.from ?? Number.POSITIVE_INFINITY, ...sorted.map((each) => each.from));
  const to = Math.max(run?.to ?? 0, ...sorted.map((each) => each.to));
  const lanes: { environment: string; slot: number; bars: Ran[] }[] = [];
  for (const attempt of sorted) {
    const own = lanes.filter(({ environment }) => environment === attempt.environment);
    const free = own.find(({ bars }) => (bars.at(-1)?.to ?? 0) <= attempt.from + 100);
    if (free) free.bars.push(attempt);
    else lanes.push({ environment: attempt.environment, slot: own.length + 1, bars: [attempt] });
  }
  lanes.sort((a, b) => a.environment.localeCompare(b.environment) || a.slot - b.slot);
  const end = Math.max(0, ...sorted.map((each) => each.to));
  const critical = criticalPath(sorted);
  const others = lanes
    .map(({ bars }) => bars.at(-1))
    .filter((last): last is Ran => last !== undefined && !critical.includes(last));
  const next = Math.max(0, ...others.map((each) => each.to));
  return {
    from: Number.isFinite(from) ? from : 0,
    to,
    lanes: lanes.map((lane): Lane => ({ ...lane, idleSeconds: idleSeconds(lane.bars, from, end) })),
    critical: critical.map(({ anchor }) => anchor),
    slackSeconds: next > 0 ? (end - next) / 1000 : 0,
  };
}

/** Gaps of a lane in which nothing ran, from the first start of the run to its last end. */
export function gapsOf(bars: readonly Bar[], from: number, to: number): { from: number; to: number }[] {
  const edges = [{ to: from }, ...bars, { from: to }];
  return edges.slice(1).flatMap((edge, index) => {
    const before = edges[index] as { to: number };
    const after = (edge as { from: number }).from;
    return after - before.to > SHORT_GAP_MS ? [{ from: before.to, to: after }] : [];
  });
}

function idleSeconds(bars: readonly Bar[], from: number, to: number): number {
  return gapsOf(bars, from, to).reduce((sum, gap) => sum + gap.to - gap.from, 0) / 1000;
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
