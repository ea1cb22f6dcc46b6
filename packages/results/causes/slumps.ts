import type { TimedChange } from './scene.ts';

/** Milliseconds within which failed probes count as simultaneous: kubelets probe every 10 s by default, here every 5. */
const TOGETHER_MS = 10_000;
/** Components whose probes must fail together. Two may depend on one another. */
const ENOUGH = 3;

/** A moment at which probes of several components failed. */
export interface Slump {
  at: number;
  /** The components, in the order of their first failed probe. */
  subjects: string[];
}

/**
 * Moments at which probes of three components or more failed within ten seconds. No component explains that: the machine
 * below them stalled. Pure.
 * @param changes oldest first
 */
export function slumps(changes: readonly TimedChange[]): Slump[] {
  const found: Slump[] = [];
  const failed = changes.filter(({ kind, text }) => kind === 'unready' && text.startsWith('Unhealthy: '));
  for (let index = 0; index < failed.length; ) {
    const at = failed[index]?.at ?? 0;
    const together = failed.slice(index).filter((change) => change.at - at <= TOGETHER_MS);
    const subjects = [...new Set(together.map(({ subject }) => subject))];
    if (subjects.length >= ENOUGH) found.push({ at, subjects });
    index += subjects.length >= ENOUGH ? together.length : 1;
  }
  return found;
}
