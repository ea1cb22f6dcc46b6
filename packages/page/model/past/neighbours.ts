import type { TestState } from '@backendai-e2e/api/verdict';
import { type ComparedRun, type Comparison, comparison } from '@backendai-e2e/results/comparison';
import type { PastData, PastRun, PastTestRow, PastTests } from '../data/past-data.ts';
import { ABSENT, stateOf } from './cells.ts';
import { changedParts, isSlower } from './changes.ts';

/** A run beside the one before it. */
export interface Neighbours {
  after: PastRun;
  before: PastRun;
  changed: Comparison;
  parts: { name: string; from: string; to: string }[];
  /** First lines of errors in the later run, by suite and title. */
  errors: ReadonlyMap<string, string>;
}

/**
 * Compares a run with the one before it that ran the same: the same suite, or anything at all. Undefined if there is none.
 * Pure.
 * @param run place of the later run, the newest is 0
 * @param suite place of the suite; undefined: all suites
 */
export function neighboursOf(
  past: PastData,
  tests: PastTests,
  run: number,
  suite: number | undefined,
): Neighbours | undefined {
  const rows = suite === undefined ? past.suites : past.suites.slice(suite, suite + 1);
  const earlier = (place: number) => rows.some(({ cells }) => (cells[place] ?? ABSENT) !== ABSENT);
  const place = past.runs.findIndex((_, index) => index > run && earlier(index));
  const [after, before] = [past.runs[run], past.runs[place]];
  if (!after || !before) return undefined;
  const names = new Map(
    rows.map(({ name }) => [name, tests.suites[past.suites.findIndex((each) => each.name === name)] ?? []]),
  );
  const find = (name: string, title: string) => names.get(name)?.find((test) => test.name === title);
  const changed = comparison(columnOf(names, place, before), columnOf(names, run, after), (was, is, name) =>
    isSlower(is.seconds, was.seconds, passedBefore(find(name, is.title), run)),
  );
  return {
    ...{ after, before, changed },
    parts: changedParts(past.parts[before.parts] ?? [], past.parts[after.parts] ?? []),
    errors: new Map(
      [...names].flatMap(([name, own]) =>
        own.flatMap((test) => {
          const error = errorOf(test, tests, run);
          return error === undefined ? [] : [[`${name}\n${test.name}`, error] as const];
        }),
      ),
    ),
  };
}

/** First line of the error of a test in a run. */
function errorOf(test: PastTestRow, { errors }: PastTests, run: number): string | undefined {
  const place = test.errors.find(([each]) => each === run)?.[1];
  return place === undefined ? undefined : errors[place];
}

function columnOf(
  suites: ReadonlyMap<string, readonly PastTestRow[]>,
  place: number,
  { name, backendAi }: PastRun,
): ComparedRun {
  return {
    name,
    backendAi: backendAi ? [backendAi] : [],
    suites: [...suites].map(([suite, tests]) => ({
      name: suite,
      tests: tests.flatMap(({ file, name: title, cells, times }) => {
        const state = stateOf(cells[place]);
        return state === undefined
          ? []
          : [{ file, title, state: state as TestState, seconds: (times[place] ?? 0) / 100 }];
      }),
    })),
  };
}

/** Seconds in the earlier runs in which the test passed, newest first. */
function passedBefore(test: PastTestRow | undefined, run: number): number[] {
  if (!test) return [];
  return test.times
    .slice(run + 1)
    .flatMap((time, index) =>
      time >= 0 && stateOf(test.cells[run + 1 + index]) === 'passed' ? [time / 100] : [],
    );
}
