import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unlessMissing } from '@backendai-e2e/cli/machine/optional-file';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { FailedTest } from '@backendai-e2e/cli/page/causes-of-test';
import type { Defect } from './defect-list.ts';
import type { Outcome } from './judge.ts';
import { withoutIds } from './record.ts';

/** The committed failures that planted defects caused, relative to the checkout. The command writes it after each group. */
export const FAILURES_FILE = 'suites/defect-failures-tried.json';

/** The first failed test that named a defect, when it was planted last. */
export interface DefectFailure extends FailedTest {
  /** Name of the defect. */
  name: string;
}

/** Characters of the message of an error, and of a line of its requests. */
const LENGTHS = { message: 1_000, line: 240 } as const;

/** The error as far as first causes follow from it: message and requests, without frames and ids of one run. Pure. */
export function trimmedError(error: string): string {
  const [message = '', requests] = error.split('\nLast requests:\n', 2);
  const said = (message.split(/\n\s+at /, 1)[0] ?? '').slice(0, LENGTHS.message);
  const lines = (requests ?? '').split('\n').filter((line) => /^ {2}\d|^ {4}→/.test(line));
  // The end of an answer has its duration, which its grammar needs.
  const short = lines.map((line) =>
    line.length <= LENGTHS.line
      ? line
      : `${line.slice(0, LENGTHS.line)}… ${/\([^()]*\)$/.exec(line)?.[0] ?? ''}`,
  );
  return withoutIds([said, ...(short.length > 0 ? ['Last requests:', ...short] : [])].join('\n'));
}

/** The failures with those of new outcomes, in the order of the list. Defects that left the list are left out. Pure. */
export function failuresWith(
  defects: readonly Defect[],
  earlier: readonly DefectFailure[],
  fresh: readonly Outcome[],
): DefectFailure[] {
  return defects.flatMap(({ name }) => {
    const outcome = fresh.find((each) => each.name === name);
    if (!outcome) return earlier.filter((each) => each.name === name);
    if (outcome.state !== 'caught' || !outcome.failure) return [];
    const { suite, title, error } = outcome.failure;
    return [{ name, suite, title: withoutIds(title), error: trimmedError(error) }];
  });
}

/** Reads the failures. Empty where there are none. */
export async function readFailures(): Promise<DefectFailure[]> {
  return JSON.parse((await unlessMissing(readFile(path.join(PROJECT_ROOT, FAILURES_FILE), 'utf8'))) ?? '[]');
}

/** Writes the failures. */
export async function writeFailures(failures: readonly DefectFailure[]): Promise<void> {
  await writeFile(path.join(PROJECT_ROOT, FAILURES_FILE), `${JSON.stringify(failures, undefined, 2)}\n`);
}
