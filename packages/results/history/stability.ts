import type { HistoryTest } from './record.ts';
import { type Rate, wilsonRate } from './wilson.ts';

/** One result of a test: good or bad, and under what. */
export interface PastResult {
  good: boolean;
  /** What was tested; undefined if the record does not say. Equal ones have the same digests. */
  fingerprint?: string;
  /** Whether an earlier attempt of the same run failed. */
  recovered?: boolean;
}

/** How far the results of a test can be trusted. */
export interface Stability {
  /** Results that are good or bad. */
  runs: number;
  passes: Rate;
  /** Changes from good to bad and back. */
  flips: number;
  /** Sets of digests on which it was both good and bad: neither Backend.AI nor the suite explains it. */
  disagreements: number;
  /** Runs in which it passed only on a retry. */
  recovered: number;
}

/** A test that a deliberate change may break and mend again flips twice. More is flaky, whatever was changed. */
const FLAKY_FLIPS = 3;

/**
 * Whether a test is good or bad. Known issues, skipped tests and tests that another cause interrupted are neither: they say
 * nothing about the test.
 */
export function isGood({ state }: Pick<HistoryTest, 'state'>): boolean | undefined {
  if (state === 'passed') return true;
  return state === 'failed' || state === 'inconclusive' ? false : undefined;
}

/** Counts flips, passes and contradictions in the results of a test, oldest first. Pure. */
export function stabilityOf(outcomes: readonly PastResult[]): Stability {
  const passed = outcomes.filter(({ good }) => good).length;
  const flips = outcomes.filter(({ good }, index) => index > 0 && outcomes[index - 1]?.good !== good).length;
  const seen = new Map<string, Set<boolean>>();
  for (const { good, fingerprint } of outcomes) {
    if (fingerprint !== undefined) seen.set(fingerprint, (seen.get(fingerprint) ?? new Set()).add(good));
  }
  return {
    runs: outcomes.length,
    passes: wilsonRate(passed, outcomes.length),
    flips,
    disagreements: [...seen.values()].filter((goods) => goods.size > 1).length,
    recovered: outcomes.filter(({ recovered }) => recovered).length,
  };
}

/** Whether results contradict each other without a cause that is known. */
export function isFlaky({ flips, disagreements, recovered }: Stability): boolean {
  return disagreements > 0 || recovered > 0 || flips >= FLAKY_FLIPS;
}
