import { gateOf } from '@backendai-e2e/results/history/spread';
import type { PastPart } from '../data/past-data.ts';

/** Seconds below which a difference is the machine's noise, and the factor that counts with too few runs to judge. */
const SLOWER = { seconds: 2, factor: 2 } as const;

/** Whether a duration is beyond the spread of those before it, newest first. With few, far above the last. */
export function isSlower(now: number, last: number, earlier: readonly number[]): boolean {
  const gate = gateOf(now, earlier, { least: SLOWER.seconds });
  if (gate) return gate.beyond;
  return now > last * SLOWER.factor && now - last >= SLOWER.seconds;
}

/** Parts whose version or digest differs, with both. A part that only one side has counts too. */
export function changedParts(
  before: readonly PastPart[],
  after: readonly PastPart[],
): { name: string; from: string; to: string }[] {
  if (before.length === 0 || after.length === 0) return [];
  const old = new Map(before.map(({ name, is }) => [name, is]));
  const now = new Map(after.map(({ name, is }) => [name, is]));
  return [...new Set([...now.keys(), ...old.keys()])]
    .map((name) => ({ name, from: old.get(name) ?? 'absent', to: now.get(name) ?? 'absent' }))
    .filter(({ from, to }) => from !== to);
}
