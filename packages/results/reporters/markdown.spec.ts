import { expect } from 'chai';
import fc from 'fast-check';
import { report, run, suite, test } from '../run-fixtures.ts';
import { runRecord } from '../run-record.ts';
import type { TestRecord } from '../test-record.ts';
import { markdownReporter } from './markdown.ts';
import { reported } from './reporter.ts';

/** Text made of what has a meaning in Markdown, HTML and on terminals. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('|', '\n', '\r', '`', '```', '<b>', '# ', '[x](y)', '\\', '\u001b[2J', '\u202e', '&'),
      fc.string(),
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));

/** The page for one failed suite with these tests. */
function pageOf(tests: TestRecord[]): string {
  const failed = run([suite('s', 'Failed')], { status: 'False', reason: 'SuitesFailed' });
  return reported(markdownReporter, runRecord({ run: failed, reports: [report('s', tests)] }));
}

describe('summary.md', () => {
  it('has the verdict, a row for each suite, and each failure with its error', () => {
    const text = pageOf([test('fine'), test('bad', { state: 'failed', error: 'expected 1\n  at x' })]);
    expect(text).to.match(/^## ❌ run in e2e\n/);
    expect(text)
      .to.contain('| s | ❌ Failed |')
      .and.contain('area/one: bad')
      .and.contain('expected 1\n  at x');
    expect(text).not.to.contain('fine');
  });

  it('keeps its structure whatever a test prints', () => {
    const error = 'a\n```\n<img src=x>\n````\n| b |';
    const nasty = test('</summary> <script> | `x`', { state: 'failed', error });
    const text = pageOf([nasty]);
    expect(text).to.contain('`````text\n').and.not.contain('<script>');
    const outside = text.replace(/`````[\s\S]*?\n`````/g, '');
    expect(outside).not.to.contain('<img');
  });

  it('keeps its structure whatever reasons, messages and names a status holds', () => {
    fc.assert(
      fc.property(
        fc.array(hostile, { minLength: 6, maxLength: 6 }),
        ([reason, message, title, file, name, why]) => {
          const line = {
            ...suite('s', 'Failed'),
            name: name ?? '',
            reason: reason ?? '',
            message: message ?? '',
          };
          const failed = run([line], { status: 'False', reason: why ?? '' });
          const bad = test('t', {
            state: 'failed',
            title: title ?? '',
            file: file ?? '',
            error: message ?? '',
          });
          const objects = { run: failed, reports: [report('s', [bad])] };
          const text = reported(markdownReporter, runRecord(objects));
          const outside = text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
          const row = outside
            .split('\n')
            .filter((each) => each.startsWith('| ') && !each.startsWith('| suite'));
          // The line below the head, and one suite with five cells.
          expect(row.map((each) => each.replaceAll(/\\./g, '').split('|').length)).to.deep.equal([7, 7]);
          expect(outside.replaceAll(/<\/?(details|summary)( open)?>/g, '')).not.to.match(/[<>]/);
          expect(outside.match(/^#/gm)).to.have.length(2);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has no link, image or mention that a status names', () => {
    const line = { ...suite('s', 'Failed'), reason: '[x](https://e.example) ![](y) <b> a|b' };
    const failed = run([line], { status: 'False', reason: '**x** @all' });
    const text = reported(markdownReporter, runRecord({ run: failed, reports: [] }));
    expect(text).to.contain('\\[x\\](https://e.example) \\!\\[\\](y) &lt;b&gt; a\\|b').and.contain('\\@all');
  });

  it('stays far below the limit of a job page', () => {
    const tests = Array.from({ length: 300 }, (_, index) =>
      test(`t${index}`, { state: 'failed', error: 'x'.repeat(8_000) }),
    );
    const text = pageOf(tests);
    expect(Buffer.byteLength(text)).to.be.lessThan(300_000);
    expect(text).to.match(/… and \d+ more failed tests/);
  });
});
