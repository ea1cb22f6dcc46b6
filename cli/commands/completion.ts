import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { Command } from 'commander';
import { readCatalog } from '../catalog/catalog.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { completionScript, type Shell, wordsOf } from './completion-script.ts';

/** `e2e completion SHELL`: the script on stdout; it knows the suites and areas of this checkout. */
export async function completionCommand(program: Command, shell: Shell): Promise<number> {
  const catalog = await readCatalog(PROJECT_ROOT);
  const suites = [...new Set(catalog.flatMap(({ area, name }) => [area, name]))].sort();
  process.stdout.write(completionScript(wordsOf(program, suites), shell));
  return COMMAND_EXIT.passed;
}
