import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { htmlText, markdownCell } from '@backendai-e2e/results/plain-text';
import type { Change, Matrix, TriedColumn } from './matrix.ts';

/** One table of a matrix, as every output shows it. */
interface Table {
  title: string;
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** What is in place of a table without rows. */
  none: string;
}

/** What each column met, what each suite says of it, and what changed from column to column. Pure. */
export function tablesOf({ columns, rows, steps }: Matrix): Table[] {
  return [
    {
      title: 'Suites',
      head: ['suite', ...columns.map(headOf)],
      rows: rows.map(({ suite, cells }) => [
        suite,
        ...cells.map((cell) =>
          cell ? `${VERDICT_POLICY[cell.verdict].mark} ${cell.verdict} ${cell.passed}/${cell.total}` : '–',
        ),
      ]),
      none: 'No suite has a result.',
    },
    {
      title: 'Columns',
      head: ['asked', 'tested', 'exit code', 'why no test ran'],
      rows: columns.map((column) => [
        headOf(column),
        column.trial?.met || '–',
        column.trial ? String(column.trial.code) : '–',
        column.trial ? (column.trial.why ?? '') : 'the matrix ended before it',
      ]),
      none: '',
    },
    ...steps.map(({ from, to, changes }) => ({
      title: `From ${from} to ${to}`,
      head: ['suite', 'test', from, to],
      rows: changes.map((change) => [
        change.suite,
        change.test,
        stateOf(change, 'before'),
        stateOf(change, 'after'),
      ]),
      none: 'Every test has the same state.',
    })),
  ];
}

/** The matrix as Markdown. Text of tests has no meaning in it. Pure. */
export function matrixMarkdown(matrix: Matrix): string {
  const parts = tablesOf(matrix).flatMap(({ title, head, rows, none }) => [
    `## ${markdownCell(title)}`,
    '',
    ...(rows.length === 0
      ? [none]
      : [head, head.map(() => '---'), ...rows].map((cells, index) =>
          index === 1 ? `| ${cells.join(' | ')} |` : `| ${cells.map(markdownCell).join(' | ')} |`,
        )),
    '',
  ]);
  return `${['# Matrix of Backend.AI', '', ...parts].join('\n').trimEnd()}\n`;
}

const STYLE = `body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color-scheme:light dark}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{border:1px solid #8888;padding:.25rem .6rem;text-align:left}
th{position:sticky;top:0;background:Canvas}`;

/** The matrix as one page of HTML without scripts. Text of tests has no meaning in it. Pure. */
export function matrixHtml(matrix: Matrix): string {
  const row = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${htmlText(cell)}</${tag}>`).join('')}</tr>`;
  const parts = tablesOf(matrix).map(
    ({ title, head, rows, none }) =>
      `<h2>${htmlText(title)}</h2>\n${
        rows.length === 0
          ? `<p>${htmlText(none)}</p>`
          : `<table>\n${[row('th', head), ...rows.map((cells) => row('td', cells))].join('\n')}\n</table>`
      }`,
  );
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Matrix of Backend.AI</title><style>${STYLE}</style></head><body>
<h1>Matrix of Backend.AI</h1>
${parts.join('\n')}
</body></html>
`;
}

function headOf({ backendAi, informational }: TriedColumn): string {
  return informational ? `${backendAi} (informational)` : backendAi;
}

function stateOf(change: Change, side: 'before' | 'after'): string {
  return change[side] ?? 'not there';
}
