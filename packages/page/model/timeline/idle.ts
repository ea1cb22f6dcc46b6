import type { Window } from '@backendai-e2e/results/causes/scene';
import { contested, footprintOf, type SuiteTraits } from '@backendai-e2e/scheduling/starts';
import type { Gap } from '../data/page-data.ts';

/** An attempt in the environment of a gap. */
export interface Beside extends Window {
  suite: string;
  /** Undefined for a suite that the catalog lacks. */
  traits?: SuiteTraits | undefined;
}

/** Below this, a gap between two attempts of a lane is the time to start one. */
const SHORT_GAP_MS = 1_000;

/**
 * Gaps of a lane in which nothing ran, and why. The next suite could not run beside another one, or was starting. Or none was
 * left. Pure.
 * @param bars attempts of the lane, by time
 * @param all attempts of its environment
 */
export function gapsOf(bars: readonly Window[], all: readonly Beside[], { from, to }: Window): Gap[] {
  const edges = [{ to: from }, ...bars, { from: to }];
  return edges.slice(1).flatMap((edge, index) => {
    const gap = { from: (edges[index] as { to: number }).to, to: (edge as { from: number }).from };
    return gap.to - gap.from > SHORT_GAP_MS ? [{ ...gap, ...reasonOf(gap, all) }] : [];
  });
}

function reasonOf(gap: Window, all: readonly Beside[]): Pick<Gap, 'kind' | 'why'> {
  const waiting = all
    .filter(({ from }) => from > gap.from + SHORT_GAP_MS)
    .toSorted((one, other) => one.from - other.from);
  const [next] = waiting;
  if (!next) return { kind: 'end', why: 'no suite was left' };
  if (all.every(({ from }) => from >= gap.to)) {
    return { kind: 'start', why: 'the environment was not ready yet' };
  }
  const until = Math.min(gap.to, next.from);
  const beside = all.filter(
    (each) => each.from < until && each.to > gap.from + SHORT_GAP_MS && each !== next,
  );
  for (const other of beside.toSorted((one, another) => another.to - one.to)) {
    // The catalog of this checkout may lack a suite of the run: then nothing is known about it.
    if (!next.traits || !other.traits) continue;
    const over = contested(footprintOf(next.traits), footprintOf(other.traits));
    if (!over) continue;
    const reason = over.length > 0 ? `both use ${over.join(', ')}` : 'one of them runs alone';
    return { kind: 'claims', why: `${next.suite} waited for ${other.suite}: ${reason}` };
  }
  return { kind: 'start', why: `${next.suite} was starting, or waited for a component` };
}
