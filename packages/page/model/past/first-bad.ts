import { recordedNames } from '@backendai-e2e/results/history/derive';
import type { FirstBad, PageFailure } from '../data/page-data.ts';
import type { PastData, PastRow, PastTests } from '../data/past-data.ts';
import { stateOf } from './cells.ts';

/** How a past result counts. What was skipped or never judged neither ends the row of bad ones nor lengthens it. */
const MEANING: Readonly<Record<string, 'good' | 'bad'>> = {
  ...{ Passed: 'good', Flaky: 'good', KnownIssue: 'good', passed: 'good' },
  ...{ Failed: 'bad', Inconclusive: 'bad', Interrupted: 'bad', NoTests: 'bad' },
  ...{ failed: 'bad', inconclusive: 'bad', interrupted: 'bad', 'known-issue': 'bad' },
};

/**
 * The unbroken row of bad results that ends with this run: its oldest run, and the good run before it. A failure without a test
 * is that of its suite. Undefined where the history has no other result. Pure.
 */
export function firstBadOf(
  failure: Pick<PageFailure, 'suite' | 'file' | 'title'>,
  past: PastData,
  tests: PastTests,
): FirstBad | undefined {
  const results = [...(rowOf(failure, past, tests)?.cells ?? '')].flatMap((cell, run) => {
    const meaning = MEANING[stateOf(cell) ?? ''];
    return meaning ? [{ run, meaning }] : [];
  });
  const [now] = results;
  if (now?.run !== 0 || now.meaning !== 'bad' || results.length < 2) return undefined;
  const good = results.find(({ meaning }) => meaning === 'good');
  const row = good ? results.slice(0, results.indexOf(good)) : results;
  return {
    run: row.at(-1)?.run ?? 0,
    bad: row.length,
    ...(good ? { good: good.run } : {}),
  };
}

function rowOf(
  failure: Pick<PageFailure, 'suite' | 'file' | 'title'>,
  past: PastData,
  tests: PastTests,
): PastRow | undefined {
  const { suite, file, title } = recordedNames(failure);
  const place = past.suites.findIndex(({ name }) => name === suite);
  if (file === '') return past.suites[place];
  return tests.suites[place]?.find((test) => test.name === title && test.file === file);
}
