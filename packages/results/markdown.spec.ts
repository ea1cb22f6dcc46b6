import { expect } from 'chai';
import { markdownReporter } from './markdown.ts';
import { reported } from './reporter.ts';
import { report, run, suite, test } from './run-fixtures.ts';
import { runRecord } from './run-record.ts';
import type { TestRecord } from './test-record.ts';

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

  it('stays far below the limit of a job page', () => {
    const tests = Array.from({ length: 300 }, (_, index) =>
      test(`t${index}`, { state: 'failed', error: 'x'.repeat(8_000) }),
    );
    const text = pageOf(tests);
    expect(Buffer.byteLength(text)).to.be.lessThan(300_000);
    expect(text).to.match(/… and \d+ more failed tests/);
  });
});
