import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { EXIT_CODES, OF_THE_SHELL, RUN_ELSEWHERE, RUN_HERE } from './guide-runs.ts';
import { type ShellLine, shellLines } from './shell-lines.ts';

/** README and everything below docs, as Markdown. */
export async function guides(): Promise<{ file: string; text: string }[]> {
  const files = ['README.md'];
  for await (const file of glob('docs/**/*.md', { cwd: PROJECT_ROOT })) files.push(file);
  return files.sort().map((file) => ({ file, text: readFileSync(path.join(PROJECT_ROOT, file), 'utf8') }));
}

/** Every command of every guide, in the order of files and lines; a line with a pipe is several. */
export async function guideCommands(): Promise<ShellLine[]> {
  return (await guides()).flatMap(({ file, text }) => shellLines(file, text));
}

/** Every command of CONTRIBUTING.md. Its readers have a checkout, so no test runs these. */
export function contributorCommands(): ShellLine[] {
  const file = 'CONTRIBUTING.md';
  return shellLines(file, readFileSync(path.join(PROJECT_ROOT, file), 'utf8'));
}

/** A command as the tables of guide-runs.ts name it. */
export function keyOfLine({ words }: Pick<ShellLine, 'words'>): string {
  return words.join(' ');
}

/** Each line that the test of the guides runs itself, once and unchanged. */
export function runHere(commands: readonly ShellLine[]): { text: string; codes: readonly number[] }[] {
  const lines = new Map<string, readonly number[]>();
  for (const command of commands) {
    const key = keyOfLine(command);
    if (RUN_HERE.test(key)) lines.set(command.text, EXIT_CODES[key] ?? [0]);
  }
  return [...lines].map(([text, codes]) => ({ text, codes }));
}

/** Commands that no test runs, and those that two tables claim. */
export function strays(commands: readonly ShellLine[]): string[] {
  return commands.map(keyOfLine).filter((key) => {
    const owners = [RUN_HERE.test(key), Object.hasOwn(RUN_ELSEWHERE, key), OF_THE_SHELL.includes(key)];
    return owners.filter(Boolean).length !== 1;
  });
}
