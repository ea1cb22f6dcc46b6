import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { seconds } from '../duration.ts';
import { htmlText, markdownCell, printable } from '../plain-text.ts';
import type { RunRecord, SuiteRecord } from '../run-record.ts';
import { isBad, nameOf, type TestRecord } from '../test-record.ts';
import type { Reporter, Write } from './reporter.ts';

/** GitHub shows at most 1 MiB of a step's summary. Failures beyond this many bytes are counted only. */
const MAX_BYTES = 200_000;
/** Lines of an error that are shown. */
const MAX_ERROR_LINES = 20;

/**
 * A run as Markdown for the page of a CI job, written at its end. It has the verdict, a table of suites, and each bad test with
 * its error. Text of tests cannot change the page. Cells are escaped, and the fences of errors are longer than any within them.
 */
export function markdownReporter(write: Write): Reporter {
  return { runEnded: (run) => write(markdown(run)) };
}

function markdown({ name, environments, backendAi, succeeded, counts, suites }: RunRecord): string {
  const bad = suites.flatMap(({ tests }) => tests.filter(isBad));
  const lines = [
    `## ${succeeded?.status === 'True' ? '✅' : '❌'} ${markdownCell(name)} in ${markdownCell(environments.join(', '))}`,
    '',
    ...(backendAi.length > 0 ? [`Backend.AI ${markdownCell(backendAi.join(', '))}`, ''] : []),
    succeeded
      ? `**${markdownCell(succeeded.reason)}**: ${markdownCell(succeeded.message)}`
      : 'The run has no verdict yet.',
    '',
    ...(counts
      ? [
          `${counts.passed} passed, ${counts.failed} failed, ${counts.knownIssue ?? 0} known issues, ` +
            `${counts.pending} skipped, ${counts.interrupted} interrupted of ${counts.total} tests`,
          '',
        ]
      : []),
    '| suite | verdict | passed | failed | time |',
    '| --- | --- | ---: | ---: | ---: |',
    ...suites.map(suiteRow),
    '',
    ...(bad.length > 0 ? ['### What failed', ''] : []),
    ...failures(bad),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

/** As many failures as fit; the others are counted. */
function failures(bad: readonly TestRecord[]): string[] {
  const parts: string[] = [];
  let bytes = 0;
  for (const test of bad) {
    const part = failureOf(test);
    bytes += Buffer.byteLength(part);
    if (bytes > MAX_BYTES)
      return [...parts, `… and ${bad.length - parts.length} more failed tests, in run.json`];
    parts.push(part);
  }
  return parts;
}

function suiteRow(suite: SuiteRecord): string {
  const verdict = suite.verdict ?? suite.state;
  const why = suite.reason && verdict !== 'Passed' ? ` (${markdownCell(suite.reason)})` : '';
  const cells = [
    markdownCell(suite.environment ? `${suite.name} (${suite.environment})` : suite.name),
    `${suite.verdict ? VERDICT_POLICY[suite.verdict].badge : '❌'} ${markdownCell(verdict)}${why}`,
    suite.counts ? String(suite.counts.passed) : '',
    suite.counts ? String(suite.counts.failed) : '',
    suite.seconds === undefined ? '' : seconds(suite.seconds),
  ];
  return `| ${cells.join(' | ')} |`;
}

function failureOf(test: TestRecord): string {
  const lines = printable(test.error ?? 'no error was recorded').split('\n');
  const more =
    lines.length > MAX_ERROR_LINES ? [`… ${lines.length - MAX_ERROR_LINES} more lines in run.json`] : [];
  const shown = [...lines.slice(0, MAX_ERROR_LINES), ...more].join('\n');
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [
    '<details open>',
    `<summary>✘ ${htmlText(nameOf(test))} (${htmlText(test.state)}, ${seconds(test.seconds)})</summary>`,
    '',
    `${fence}text`,
    shown,
    fence,
    '</details>',
    '',
  ].join('\n');
}
