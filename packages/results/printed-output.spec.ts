import { TEST_STATES } from '@backendai-e2e/api/verdict';
import { expect } from 'chai';
import fc from 'fast-check';
import { countTests } from './outcome.ts';
import { parseTestLine, readPrintedTests, testLine } from './printed-output.ts';
import { specReporter } from './reporters/spec-reporter.ts';
import { suite, test } from './run-fixtures.ts';
import type { TestRecord } from './test-record.ts';

/** What a pod prints that runs these tests. */
function printed(tests: readonly TestRecord[], verdict: 'Passed' | 'Failed' = 'Failed'): string {
  let text = '';
  const reporter = specReporter((more) => {
    text += more;
  });
  const record = {
    ...suite('s', verdict),
    failed: verdict === 'Failed',
    attempts: [],
    tests,
    counts: countTests(tests, tests.length, 0),
  };
  for (const one of tests) reporter.testEnded?.(one, record);
  reporter.suiteEnded?.(record);
  return text;
}

const observed = ({ file, title, state, seconds }: TestRecord) => ({ file, title, state, seconds });

describe('the line of a test', () => {
  for (const state of TEST_STATES) {
    it(`shows ${state} and can be read back`, () => {
      const one = test('group › says (twice) (1.00 s)', { state, seconds: 12.34 });
      expect(parseTestLine(testLine(one))).to.deep.equal({ state, title: one.title, seconds: 12.34 });
    });
  }

  it('differs from other output', () => {
    expect(parseTestLine('session-lifecycle/create-session')).to.equal(undefined);
    expect(parseTestLine('1) failing (2.00 s)')).to.equal(undefined);
  });
});

describe('the output of a suite', () => {
  it('can be read back in every state, from several files', () => {
    const tests = ['area/one', 'area/two'].flatMap((file) =>
      TEST_STATES.map((state) => test(`does › ${state} (of 5 s)`, { file, state, seconds: 1.25 })),
    );
    expect(readPrintedTests(printed(tests))).to.deep.equal(tests.map(observed));
  });

  it('does not show quoted errors as tests', () => {
    const failed = test('a', { state: 'failed', error: '✔ looks like a test (0.10 s)' });
    expect(printed([failed])).to.contain('   ✔ looks like a test (0.10 s)');
    expect(readPrintedTests(printed([failed])).map(({ title }) => title)).to.deep.equal(['a']);
  });

  it('has no tests after its numbers', () => {
    const text = `${printed([test('a')])}✔ from a process that outlived the tests (0.10 s)\n`;
    expect(readPrintedTests(text).map(({ title }) => title)).to.deep.equal(['a']);
  });

  it('has no file and no end in what a test prints', () => {
    const text = printed([test('a'), test('b')])
      .replace('✔ a', 'done\n...\nTests:       2 passed, 2 total\nTests: 2 total\n✔ a')
      .replace('✔ b', 'other/file\n✔ b');
    const files = readPrintedTests(text, new Set(['area/one'])).map(({ file, title }) => `${file} ${title}`);
    expect(files).to.deep.equal(['area/one a', 'area/one b']);
  });

  for (const [zone, at] of [
    ['+09:00', '2026-01-01T00:00:00.000000001Z'],
    ['-03:30', '2026-01-01T12:30:00.000000001Z'],
    ['Z', '2026-01-01T09:00:00.000000001Z'],
  ]) {
    it(`can be read from a node whose time is ${zone}`, () => {
      const stamped = printed([test('a')]).replace(/^/gm, `2026-01-01T09:00:00.000000001${zone} `);
      expect(readPrintedTests(stamped)).to.deep.equal([{ ...observed(test('a')), at }]);
    });
  }

  it('has the file in the line above and may have the time of the kubelet', () => {
    const text = [
      '2026-01-01T00:00:00.123456789Z area/two',
      '2026-01-01T00:00:01.5Z ✔ works (0.50 s)',
      '2026-01-01T00:00:01.6Z some other line',
    ].join('\n');
    expect(readPrintedTests(text)).to.deep.equal([
      { file: 'area/two', title: 'works', state: 'passed', seconds: 0.5, at: '2026-01-01T00:00:01.5Z' },
    ]);
  });

  it('ends with errors, numbers and verdict', () => {
    const tests = [
      test('a'),
      test('b', { state: 'failed', error: 'no\n  at x' }),
      test('c', { state: 'interrupted', error: 'not run: a hook before it did not succeed' }),
    ];
    expect(printed(tests)).to.equal(
      [
        'area/one',
        '✔ a (0.25 s)',
        '✘ b (0.25 s)',
        '◌ c (0.25 s)',
        '',
        '1) area/one: b',
        '   no',
        '     at x',
        '',
        'Tests: 3 total, 1 passed, 1 failed, 1 interrupted',
        'Verdict: Failed',
        '',
      ].join('\n'),
    );
    expect(printed([test('a')], 'Passed')).to.match(/\nTests: 1 total, 1 passed\nVerdict: Passed\n$/);
  });

  it('is read without an error whatever else a suite prints, and never with a test that has no title', function () {
    this.timeout(600_000);
    const piece = fc.constantFrom(
      ...[
        '✔',
        '✘',
        '◌',
        ' ',
        'a title',
        ' (0.25 s)',
        ' (1e9 s)',
        '\n',
        'area/one',
        'Tests: 1 total, 1 passed',
        '1) ',
      ],
      ...[
        'Verdict: Passed',
        '2026-01-01T00:00:00.123456789Z ',
        '2026-99-99T99:99:99Z ',
        '\r',
        '\u0000',
        '\ud800',
        '한',
      ],
    );
    const whole = fc.oneof(
      fc.array(piece, { maxLength: 25 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(whole, (output) => {
        for (const { file, title, state, seconds } of readPrintedTests(output)) {
          expect(file).to.be.a('string');
          expect(title).not.to.equal('');
          expect(TEST_STATES).to.include(state);
          expect(seconds).to.satisfy(Number.isFinite);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
