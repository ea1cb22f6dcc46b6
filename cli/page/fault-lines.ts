import type { PageFault } from '@backendai-e2e/page/model/data/page-data';
import { seconds } from '@backendai-e2e/results/duration';
import { plainLine } from '@backendai-e2e/results/plain-text';

/** Faults that are listed one by one. The page has all. */
const MOST = 8;

/**
 * The faults of a run for a terminal: how many there were, and the slowest recovery. Those that were not seen healed have a line
 * each. No lines for a run without faults. Pure.
 */
export function faultLines(faults: readonly PageFault[]): string[] {
  if (faults.length === 0) return [];
  const open = faults.filter(({ seenHealed }) => seenHealed === undefined);
  const slowest = faults
    .flatMap((fault) => {
      const took = recoverySeconds(fault);
      return took === undefined ? [] : [{ fault, took }];
    })
    .sort((a, b) => b.took - a.took)[0];
  const all = `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  const healed = open.length === 0 ? 'each seen healed' : `${open.length} not seen healed`;
  const told = slowest ? `; the slowest to recover: ${named(slowest.fault)}, ${seconds(slowest.took)}` : '';
  return [
    '',
    `⚡ ${all}, ${healed}${told}`,
    ...open.slice(0, MOST).map((fault) => `  ${named(fault)}: ${stateOf(fault)}`),
    ...(open.length > MOST ? [`  … and ${open.length - MOST} more`] : []),
  ].map(plainLine);
}

/** Seconds from the end of the effect to the proof that it is over. */
function recoverySeconds({ healed, seenHealed }: PageFault): number | undefined {
  return healed === undefined || seenHealed === undefined ? undefined : (seenHealed - healed) / 1000;
}

function named({ action, component, environment }: PageFault): string {
  return `${action} ${component} (${environment})`;
}

/** The last moment that was seen. */
function stateOf({ asked, injected, seenInForce, healed, phase }: PageFault): string {
  const moments = [
    ['healed', healed, ', but not seen healed'],
    ['in force', seenInForce, ''],
    ['injected', injected, ', not seen in force'],
    ['asked for', asked, ''],
  ] as const;
  for (const [what, at, more] of moments)
    if (at !== undefined)
      return `${what} since ${new Date(at).toISOString().slice(11, 19)}${more} (${phase})`;
  return phase;
}
