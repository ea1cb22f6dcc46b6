import { conditionOf } from '@backendai-e2e/api/conditions';
import type { ReportedTest, TestReport } from '@backendai-e2e/api/test-report';
import { environmentsOf, RUN_CONDITIONS, type RunSuite, type TestRun } from '@backendai-e2e/api/test-run';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { seconds } from '../runs/progress.ts';

/** GitHub shows at most 1 MiB of a step's summary; failures beyond this many bytes are only counted. */
const MOST_BYTES = 200_000;
const ERROR_LINES = 20;

/**
 * A run as Markdown for the page of a CI job: the verdict, a table of suites, each failed test with its error. What tests
 * printed cannot change the page: cells are escaped, errors stand in fences longer than any within them. Pure.
 */
export function markdownSummary(run: TestRun, reports: readonly TestReport[]): string {
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
  const suites = run.status?.suites ?? [];
  const counts = run.status?.counts;
  const head = [
    `## ${succeeded?.status === 'True' ? '✅' : '❌'} ${cell(run.metadata.name)} in ${cell(environmentsOf(run).join(', '))}`,
    '',
    succeeded ? `**${succeeded.reason}**: ${cell(succeeded.message)}` : 'The run has no verdict yet.',
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
  ];
  const bad = suites.flatMap((suite) => {
    const report = reports.find((each) => each.metadata.name === suite.report);
    return (report?.status?.tests ?? []).filter(isBad);
  });
  const parts: string[] = [];
  let bytes = 0;
  for (const test of bad) {
    const part = failureOf(test);
    bytes += Buffer.byteLength(part);
    if (bytes > MOST_BYTES) {
      parts.push(`… and ${bad.length - parts.length} more failed tests, in run.json`);
      break;
    }
    parts.push(part);
  }
  const title = bad.length > 0 ? ['### What failed', ''] : [];
  return `${[...head, ...title, ...parts].join('\n').trimEnd()}\n`;
}

function suiteRow(suite: RunSuite): string {
  const verdict = suite.verdict ?? suite.state;
  const why = suite.reason && verdict !== 'Passed' ? ` (${suite.reason})` : '';
  const cells = [
    cell(suite.environment ? `${suite.name} (${suite.environment})` : suite.name),
    `${suite.verdict ? VERDICT_POLICY[suite.verdict].badge : '❌'} ${verdict}${why}`,
    suite.counts ? String(suite.counts.passed) : '',
    suite.counts ? String(suite.counts.failed) : '',
    suite.seconds === undefined ? '' : seconds(suite.seconds),
  ];
  return `| ${cells.join(' | ')} |`;
}

function failureOf(test: ReportedTest): string {
  const lines = (test.error ?? 'no error was recorded').toWellFormed().split('\n');
  const more = lines.length > ERROR_LINES ? [`… ${lines.length - ERROR_LINES} more lines in run.json`] : [];
  const shown = [...lines.slice(0, ERROR_LINES), ...more].join('\n');
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [
    '<details open>',
    `<summary>✘ ${html(`${test.file}: ${test.title}`)} (${test.state}, ${seconds(test.seconds)})</summary>`,
    '',
    `${fence}text`,
    shown,
    fence,
    '</details>',
    '',
  ].join('\n');
}

function isBad(test: ReportedTest): boolean {
  return test.state === 'failed' || test.state === 'inconclusive' || test.state === 'interrupted';
}

/** Text in a line or cell of Markdown, without any meaning to it. */
function cell(text: string): string {
  return html(text).replace(/[\\`*_[\]|~]/g, (sign) => `\\${sign}`);
}

function html(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
