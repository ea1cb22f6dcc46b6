import { expect } from 'chai';
import fc from 'fast-check';
import { report, run, suite, test } from '../run-fixtures.ts';
import { type RunObjects, runRecord } from '../run-record.ts';
import { githubAnnotations, type TestPlace } from './github-annotations.ts';
import { reported } from './reporter.ts';

const place: TestPlace = { file: 'suites/area/one.ts', line: 7 };

function linesOf(objects: RunObjects, where: TestPlace | undefined = place): string[] {
  const make = githubAnnotations(() => where);
  return reported(make, runRecord(objects)).split('\n').slice(0, -1);
}

/** What the runner of GitHub Actions makes of a line: ActionCommand.TryParseV2 of actions/runner. */
function parsed(line: string) {
  const found = /^::(?<command>[^ :]+)(?: (?<properties>[^:]*))?::(?<data>.*)$/s.exec(line)?.groups;
  const unescaped = (text = '') =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const properties = (found?.properties ?? '').split(',').map((each) => {
    const [key = '', value = ''] = each.split('=', 2);
    return [key, unescaped(value)];
  });
  return { command: found?.command, ...Object.fromEntries(properties), data: unescaped(found?.data) };
}

describe('annotations of GitHub Actions', () => {
  it('show each bad test at its line, with its error', () => {
    const tests = [
      test('passes'),
      test('a: b, c', { state: 'failed', error: 'expected 100% of 1\n  at here' }),
      test('known', { state: 'known-issue', error: 'known' }),
      test('saw nothing', { state: 'inconclusive', error: 'no receipt' }),
    ];
    const lines = linesOf({ run: run([suite('s', 'Failed')]), reports: [report('s', tests)] });
    expect(lines.map(parsed)).to.deep.equal([
      {
        ...{ command: 'error', file: 'suites/area/one.ts', line: '7', title: 's: a: b, c' },
        data: 'failed: expected 100% of 1\n  at here',
      },
      {
        ...{ command: 'error', file: 'suites/area/one.ts', line: '7', title: 's: saw nothing' },
        data: 'inconclusive: no receipt',
      },
    ]);
  });

  it('show a suite that failed without a test, and warn of a flaky one', () => {
    const lines = linesOf({
      run: run([
        suite('never', 'Failed', { reason: 'EnvironmentNotReady', message: 'manager 0/2' }),
        suite('again', 'Flaky', { attempt: 2, message: 'passed at attempt 2' }),
        suite('forbidden', 'Skipped', { reason: 'DisruptionForbidden' }),
      ]),
      reports: [],
    });
    expect(lines).to.deep.equal([
      '::error title=never::EnvironmentNotReady: manager 0/2',
      '::warning title=again is flaky::passed at attempt 2',
    ]);
  });

  it('are ten at most: the last one counts the others', () => {
    const tests = Array.from({ length: 12 }, (_, index) =>
      test(`t${index}`, { state: 'failed', error: 'no' }),
    );
    const lines = linesOf({ run: run([suite('s', 'Failed')]), reports: [report('s', tests)] });
    expect(lines).to.have.length(10);
    expect(lines.at(-1)).to.equal('::error title=3 more::3 more are in the summary');
    const ten = linesOf({ run: run([suite('s', 'Failed')]), reports: [report('s', tests.slice(0, 10))] });
    expect(ten.at(-1)).to.contain('title=s%3A t9');
  });

  it('are no other commands, whatever a status holds', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\n::add-mask::x', '::set-output name=a::b', '\r::error::', ',line=1', '%0A::error::'),
    );
    fc.assert(
      fc.property(text, text, text, (name, title, error) => {
        const tests = [test('x', { title, state: 'failed', error })];
        const lines = linesOf({ run: run([suite(name, 'Failed')]), reports: [report(name, tests)] });
        expect(lines).to.have.length(1);
        const found = parsed(lines[0] ?? '');
        expect(Object.keys(found).sort()).to.deep.equal(['command', 'data', 'file', 'line', 'title']);
        expect(found).to.include({ command: 'error', file: place.file, line: '7' });
      }),
      { numRuns: 300 },
    );
  });

  it('keep a long error short', () => {
    const tests = [test('x', { state: 'failed', error: 'e'.repeat(100_000) })];
    const [line = ''] = linesOf({ run: run([suite('s', 'Failed')]), reports: [report('s', tests)] });
    expect(line.length).to.be.below(2_200);
  });
});
