import { TEST_MARKS } from '@backendai-e2e/api/verdict';
import { parseTestLine } from '@backendai-e2e/results/printed-output';

/** An expectation of the selftest failed. Exit code 1. */
export class Surprise extends Error {
  override readonly name = 'Surprise';
}

/** The administrator's commands in the output of a refused staging run: the indented lines after "what to do". */
export function adminCommandsIn(lines: readonly string[]): string[] {
  const from = lines.findIndex((line) => line.includes('what to do:'));
  if (from < 0) return [];
  const commands: string[] = [];
  for (const line of lines.slice(from + 1)) {
    if (!/^ {4}\S/.test(line)) break;
    commands.push(line.trim());
  }
  return commands;
}

/** Whether a line of the command's progress shows a test that passed. Time and environment may precede it. */
export function showsPassedTest(line: string): boolean {
  const from = line.indexOf(`${TEST_MARKS.passed} `);
  return from >= 0 && parseTestLine(line.slice(from)) !== undefined;
}

/** What was added and what was removed, one line each. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map((name) => `left: ${name}`),
    ...before.filter((name) => !after.includes(name)).map((name) => `gone: ${name}`),
  ];
}

/** Throws Surprise unless the command ended with the expected code and printed all expected texts. */
export function expectEnding(
  what: string,
  got: { code: number; lines: readonly string[] },
  wanted: { code: number; says?: readonly string[] },
): void {
  if (got.code !== wanted.code) {
    throw new Surprise(`${what} ended with ${got.code} instead of ${wanted.code}`);
  }
  const text = got.lines.join('\n');
  const unsaid = (wanted.says ?? []).filter((part) => !text.includes(part));
  if (unsaid.length > 0) throw new Surprise(`${what} did not print: ${unsaid.join('; ')}`);
}
