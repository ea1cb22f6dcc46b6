import { comparison, type TestChange } from '@backendai-e2e/results/comparison';
import { comparableBefore, earlierThan } from '@backendai-e2e/results/history/comparable';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { nameOf, type TestIdentity } from '@backendai-e2e/results/test-record';
import type { Since } from '../data/page-data.ts';
import type { FlakyRow } from '../data/past-data.ts';
import { changedParts, isSlower } from './changes.ts';
import { partsOf } from './past-runs.ts';

/** Runs whose durations count. */
const WINDOW = 30;

/**
 * What changed since the last run that this one can be compared with; undefined without one. Pure.
 * @param records of any order, the run itself among them or not
 * @param flaky the flaky board
 */
export function sinceOf(
  records: readonly HistoryRecord[],
  now: HistoryRecord,
  flaky: readonly FlakyRow[],
): Since | undefined {
  const before = comparableBefore(records, now);
  if (!before) return undefined;
  const past = secondsOf(earlierThan(records, now).toReversed());
  const changed = comparison(before, now, (was, is, suite) =>
    isSlower(is.seconds, was.seconds, past.get(keyOf(suite, is)) ?? []),
  );
  const own = now.suites.flatMap(({ name, tests }) => tests.map((test) => ({ suite: name, ...test })));
  const known = own.filter(({ state }) => state === 'known-issue').map(nameOf);
  const doubted = new Set(flaky.map(({ suite, title }) => `${suite}\n${title}`));
  const parts = changedParts(partsOf(before), partsOf(now));
  const components = new Set(now.tested.map(({ name }) => name));
  const names = (changes: readonly TestChange[]) => changes.map(nameOf);
  return {
    run: before.name,
    at: Date.parse(before.startedAt),
    broke: names(changed.broke),
    fixed: names(changed.fixed),
    stillBad: names(changed.stillBad),
    slower: names(changed.slower),
    known,
    flaky: own.filter(({ suite, title }) => doubted.has(`${suite}\n${title}`)).map(nameOf),
    added: changed.added.length,
    gone: changed.gone.length,
    parts,
    components:
      before.tested.length === 0 ? [] : parts.map(({ name }) => name).filter((name) => components.has(name)),
  };
}

/** Seconds of each test in the runs in which it passed, newest first. */
function secondsOf(newest: readonly HistoryRecord[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { suites } of newest.slice(0, WINDOW)) {
    for (const { name, tests } of suites) {
      for (const test of tests.filter(({ state }) => state === 'passed')) {
        const key = keyOf(name, test);
        found.set(key, [...(found.get(key) ?? []), test.seconds]);
      }
    }
  }
  return found;
}

function keyOf(suite: string, test: TestIdentity): string {
  return `${suite}\n${nameOf(test)}`;
}
