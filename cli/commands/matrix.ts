import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { VERSIONS } from '../machine/versions.ts';
import { type Column, columnsOf } from '../matrix/columns.ts';
import { exitCodeOf, matrixOf, type TriedColumn } from '../matrix/matrix.ts';
import { matrixHtml, matrixMarkdown, tablesOf } from '../matrix/shown.ts';
import { endingOfError, lastLine } from '../runs/ending.ts';
import { isInterrupted } from '../series/trial.ts';
import { table } from '../terminal/table.ts';
import { checkTests, kindTrial, type TrialTests } from './kind-trial.ts';

/** Where the results go, relative to the checkout. */
const OUT = 'out/matrix';

/** What a user chooses of `e2e matrix`. */
export interface MatrixChoice extends TrialTests {
  /** Values of --backend-ai, one for each column. */
  versions: string;
  /** Those that leave the exit code alone. */
  informational?: string;
  /** Print the plan, and change nothing. */
  dryRun: boolean;
}

/**
 * `e2e matrix`: the same suites on several Backend.AIs, one after another, each in a new cluster. Writes out/matrix/matrix.md and
 * matrix.html after each of them. Returns the exit code: see {@link exitCodeOf}.
 */
export async function matrixCommand({
  versions,
  informational,
  dryRun,
  ...tests
}: MatrixChoice): Promise<number> {
  let columns: Column[];
  try {
    columns = columnsOf(versions, informational, VERSIONS.backendAi);
    await checkTests(tests);
  } catch (error) {
    const ending = endingOfError(error);
    console.error(lastLine(ending));
    return ending.code;
  }
  if (dryRun) {
    console.log(planned(columns, tests).join('\n'));
    return COMMAND_EXIT.passed;
  }
  const folder = path.join(PROJECT_ROOT, OUT);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let tried: TriedColumn[] = columns;
  for (const column of columns) {
    console.log(`\nmatrix: ${column.backendAi} (${columns.indexOf(column) + 1} of ${columns.length})`);
    const trial = await kindTrial(column.backendAi, tests, path.join(OUT, column.folder));
    tried = tried.map((one) => (one.folder === column.folder ? { ...one, trial } : one));
    const matrix = matrixOf(tried);
    await writeFile(path.join(folder, 'matrix.md'), matrixMarkdown(matrix));
    await writeFile(path.join(folder, 'matrix.html'), matrixHtml(matrix));
    if (isInterrupted(trial)) break;
  }
  console.log(printed(tried).join('\n'));
  return exitCodeOf(tried);
}

function planned(columns: readonly Column[], { suites, grep, timeoutSeconds }: TrialTests): string[] {
  return [
    ...columns.map(
      ({ backendAi, informational, folder }) =>
        `deploy ${backendAi}${informational ? ' (informational)' : ''}; results in ${OUT}/${folder}`,
    ),
    `suites on each: ${suites ?? 'all'}`,
    ...(grep ? [`only tests that match: ${grep}`] : []),
    `seconds for each run: ${timeoutSeconds}`,
  ];
}

function printed(columns: readonly TriedColumn[]): string[] {
  const lines = tablesOf(matrixOf(columns)).flatMap(({ title, head, rows, none }) => [
    '',
    `${title}:`,
    ...(rows.length === 0 ? [none] : table(head, rows)),
  ]);
  return [...lines, '', `The matrix is in ${OUT}/matrix.md and ${OUT}/matrix.html.`];
}
