import { fingerprintOf } from '@backendai-e2e/results/history/comparable';
import type { HistoryPart, HistoryRecord, HistorySuite } from '@backendai-e2e/results/history/record';
import { isBad, nameOf } from '@backendai-e2e/results/test-record';
import type { PastData, PastPart, PastRow, PastRun, PastTestRow, PastTests } from '../data/past-data.ts';
import { ABSENT, cellOf } from './cells.ts';
import { flakyBoard } from './flaky-board.ts';
import { issueBoard } from './issue-board.ts';
import { trendsOf } from './trends.ts';

/**
 * The past of a run, for the page.
 * @param records oldest first; the last is the run of the page
 */
export function pastOf(records: readonly HistoryRecord[]): { past: PastData; tests: PastTests } {
  const newest = records.toReversed();
  const parts = new Map<string, { place: number; parts: readonly PastPart[] }>();
  const runs = newest.map((record) => pastRun(record, placeOf(record, parts)));
  const names = [...new Set(newest.flatMap(({ suites }) => suites.map(({ name }) => name)))].sort((a, b) =>
    a.localeCompare(b),
  );
  const bySuite = newest.map(({ suites }) => new Map(suites.map((suite) => [suite.name, suite])));
  const errors = new Map<string, number>();
  const columns = (name: string) => bySuite.map((suites) => suites.get(name));
  return {
    past: {
      runs,
      parts: [...parts.values()].map((each) => each.parts),
      suites: names.map((name) => suiteRow(name, columns(name))),
      ...flakyBoard(newest),
      issues: issueBoard(newest),
      trends: trendsOf(newest),
    },
    tests: {
      suites: names.map((name) => testRows(columns(name), errors)),
      errors: [...errors.keys()],
    },
  };
}

function pastRun(record: HistoryRecord, parts: number): PastRun {
  const tests = record.suites.flatMap((suite) => suite.tests);
  const { name, startedAt, finishedAt, verdict, pace, backendAi } = record;
  const at = Date.parse(startedAt);
  return {
    ...{ name, at },
    ...(verdict ? { verdict } : {}),
    ...(finishedAt ? { seconds: Math.round((Date.parse(finishedAt) - at) / 1000) } : {}),
    passed: tests.filter(({ state }) => state === 'passed').length,
    bad: tests.filter(isBad).length,
    known: tests.filter(({ state }) => state === 'known-issue').length,
    ...(pace === undefined ? {} : { pace }),
    backendAi: backendAi.join(', '),
    parts,
  };
}

/** Equal sets of parts are one set. */
function placeOf(
  record: HistoryRecord,
  sets: Map<string, { place: number; parts: readonly PastPart[] }>,
): number {
  const parts = partsOf(record);
  const key = fingerprintOf(record) === undefined ? '' : JSON.stringify(parts);
  const known = sets.get(key) ?? { place: sets.size, parts };
  sets.set(key, known);
  return known.place;
}

/** What was tested and what tested it, each name once. */
export function partsOf({ tested, testing }: Pick<HistoryRecord, 'tested' | 'testing'>): PastPart[] {
  const found = new Map<string, string[]>();
  for (const part of [...tested, ...testing]) {
    found.set(part.name, [...(found.get(part.name) ?? []), partText(part)]);
  }
  return [...found].map(([name, texts]) => ({ name, is: [...new Set(texts)].join(' and ') }));
}

function partText({ version = '', digest = '' }: HistoryPart): string {
  return [version, digest.replace(/^sha256:/, '').slice(0, 12)].filter(Boolean).join(' ') || 'unknown';
}

function suiteRow(name: string, columns: readonly (HistorySuite | undefined)[]): PastRow {
  return {
    name,
    cells: columns.map((suite) => (suite ? cellOf(suite.verdict) : ABSENT)).join(''),
    times: columns.map((suite) => hundredths(suite?.seconds)),
  };
}

function testRows(
  columns: readonly (HistorySuite | undefined)[],
  errors: Map<string, number>,
): PastTestRow[] {
  const rows = new Map<
    string,
    { file: string; name: string; cells: string[]; times: number[]; errors: (readonly [number, number])[] }
  >();
  for (const [run, suite] of columns.entries()) {
    for (const test of suite?.tests ?? []) {
      const key = nameOf(test);
      const row = rows.get(key) ?? {
        ...{ file: test.file, name: test.title, errors: [] },
        cells: columns.map(() => ABSENT),
        times: columns.map(() => -1),
      };
      row.cells[run] = cellOf(test.state);
      row.times[run] = hundredths(test.seconds);
      if (test.error !== undefined) row.errors.push([run, placeIn(errors, test.error)]);
      rows.set(key, row);
    }
  }
  return [...rows.values()].map((row) => ({ ...row, cells: row.cells.join('') }));
}

function placeIn(texts: Map<string, number>, text: string): number {
  const place = texts.get(text) ?? texts.size;
  texts.set(text, place);
  return place;
}

function hundredths(seconds: number | undefined): number {
  return seconds === undefined ? -1 : Math.round(seconds * 100);
}
