import type { TestReport } from '@backendai-e2e/api/test-report';
import { expect } from 'chai';
import { readPrintedTests } from '../printed-output.ts';
import { output, report, run, suite, test } from '../run-fixtures.ts';
import { runRecord } from '../run-record.ts';
import type { TestRecord } from '../test-record.ts';
import { disagreements, outputNotes } from './agreement.ts';
import { junitReporter, readJunit } from './junit.ts';
import { reported } from './reporter.ts';

const tests = [
  test('a'),
  test('b', { state: 'failed', error: 'no' }),
  test('c', { state: 'pending', seconds: 0 }),
  test(`"k" & 'k' <k> ü`, { state: 'known-issue', error: 'known' }),
];
const lost = test('lost');
const twice = [test('same', { id: '1' }), test('same', { id: '2', state: 'failed', error: 'x' })];

interface Story {
  title: string;
  /** In the report. Default: `tests`. */
  reported?: TestRecord[];
  status?: TestReport['status'];
  /** In the pod's output; undefined: what is reported. null: there is no output. */
  printed?: TestRecord[] | null;
  /** In junit.xml; undefined: what is reported. */
  junit?: TestRecord[];
  /** Default: none. */
  disagreements?: string[];
  /** Differences from the output. Default: none. */
  notes?: string[];
}

const STORIES: Story[] = [
  { title: 'finds nothing where all three have the same tests', disagreements: [] },
  {
    title: 'reads titles with characters that XML writes as entities',
    reported: [test(`<a> & "b" or 'c' 100%`)],
    disagreements: [],
  },
  {
    title: 'notes a test whose state differs in the pod',
    printed: [test('a'), test('b', { seconds: 0.25 }), ...tests.slice(2)],
    notes: [`"area/one: b" is failed in report run-s-1 and passed in its pod's output`],
  },
  {
    title: 'notes a test that the pod ran and the report lost',
    printed: [...tests, lost],
    notes: [`"area/one: lost" is in its pod's output (passed) and not in report run-s-1`],
  },
  {
    title: 'accepts such a test in a report that was interrupted',
    status: { verdict: 'Interrupted' },
    printed: [...tests, lost],
    disagreements: [],
  },
  {
    title: 'accepts such a test if the byte budget left it out',
    status: {
      omitted: { tests: 1, errorBytes: 0 },
      counts: { total: 5, passed: 2, failed: 1, pending: 1, interrupted: 0, knownIssue: 1 },
    },
    printed: [...tests, lost],
    disagreements: [],
  },
  {
    title: 'names a test that is missing or different in junit.xml',
    junit: [test('a', { seconds: 9 }), ...tests.slice(2)],
    disagreements: [
      '"area/one: a" took 0.25 s in report run-s-1 and 9.00 s in junit.xml',
      '"area/one: b" is in report run-s-1 (failed) and not in junit.xml',
    ],
  },
  {
    title: 'notes a report whose pod left no output',
    printed: null,
    notes: ['report run-s-1: the output of its pod is gone'],
  },
  {
    title: 'names counts that are not those of the tests',
    status: { counts: { total: 3, passed: 3, failed: 0, pending: 0, interrupted: 0 } },
    disagreements: [
      'report run-s-1 counts 3 passed and lists 1',
      'report run-s-1 counts 0 failed and lists 1',
      'report run-s-1 counts 0 known-issue and lists 1',
    ],
  },
  {
    title: 'counts in a note the tests of which the node has thrown the lines away',
    printed: tests.slice(2),
    notes: ["report run-s-1: 2 of its 4 tests are not in its pod's output"],
  },
  {
    title: 'accepts a title with a character that XML cannot hold',
    reported: [test('a\u0000b'), test('red\u001b[39m')],
    printed: [test('a\ufffdb'), test('red')],
  },
  { title: 'pairs tests of the same title in their order', reported: twice, disagreements: [] },
];

describe('agreement of run.json, junit.xml and the output of pods', () => {
  for (const story of STORIES) {
    it(story.title, () => {
      const inReport = story.reported ?? tests;
      const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', inReport, story.status)] };
      const shown = runRecord({ ...objects, reports: [report('s', story.junit ?? inReport)] });
      const printed = story.printed === undefined ? inReport : story.printed;
      const junit = readJunit(reported(junitReporter, shown));
      expect(disagreements({ ...objects, junit })).to.deep.equal(story.disagreements ?? []);
      const read = new Map(printed ? [['run-s-1', readPrintedTests(output(printed))]] : []);
      expect(outputNotes(objects.reports, read)).to.deep.equal(story.notes ?? []);
    });
  }

  it('does not mistake the case that stands for a whole suite for a test', () => {
    const line = suite('s', 'Failed', { reason: 'EnvironmentNotReady', report: '' });
    const objects = { run: run([line]), reports: [] };
    const junit = readJunit(reported(junitReporter, runRecord(objects)));
    expect(disagreements({ ...objects, junit })).to.deep.equal([]);
  });

  it('names a report that does not exist, and a suite of junit.xml that the run lacks', () => {
    const objects = { run: run([suite('s', 'Passed')]), reports: [] };
    expect(disagreements({ ...objects, junit: new Map([['x', []]]) })).to.deep.equal([
      'suite s: the run names report run-s-1, which does not exist',
      'junit.xml has a suite x that the run does not have',
    ]);
  });
});
