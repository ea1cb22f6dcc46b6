import { readFile } from 'node:fs/promises';
import { buildImages } from '@backendai-e2e/cli/images/build';
import { command } from '@backendai-e2e/cli/machine/command';
import { ensureEngine } from '@backendai-e2e/cli/machine/engine';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import type { Change } from './defect-list.ts';

/** Time for all changes; importing the changed modules takes some seconds each. */
const CHECK_SECONDS = 3_600;

const CHECK = new URL('./check.py', import.meta.url);
const SITECUSTOMIZE = new URL('./sitecustomize.py', import.meta.url);

/** One change and what is wrong with it; null where nothing is. */
export interface Checked {
  name: string;
  wrong: string | null;
}

/** With what the list of defects is compared. */
export interface CheckOptions {
  /** Image that holds Backend.AI. Default: the one that this checkout builds. */
  image?: string | undefined;
  /** Folder with the installed packages, to check without a container, with the python3 of this machine. */
  packages?: string | undefined;
  /** Also import each changed module. */
  import?: boolean | undefined;
}

/** Compares the changes with installed packages, without a cluster. Throws a CommandError if the check itself fails. */
export async function checkChanges(
  changes: readonly Change[],
  options: CheckOptions,
  p: Provision,
): Promise<Checked[]> {
  const program = await readFile(CHECK, 'utf8');
  const args = [...(options.import ? ['--import'] : []), ...(options.packages ? [options.packages] : [])];
  const env = { E2E_SITECUSTOMIZE: await readFile(SITECUSTOMIZE, 'utf8') };
  const rest = { input: JSON.stringify(changes), timeoutSeconds: CHECK_SECONDS, env };
  if (options.packages) {
    return checkedFrom(await command(p, 'python3', ['-c', program, ...args], rest));
  }
  await ensureEngine(p);
  const image = options.image ?? (await buildImages(['backend-ai'], p))['backend-ai'];
  const run = ['run', '--rm', '--interactive', '--network=none', '--env=E2E_SITECUSTOMIZE', image];
  return checkedFrom(await command(p, 'docker', [...run, 'python', '-c', program, ...args], rest));
}

/** The lines that check.py prints. */
export function checkedFrom(output: string): Checked[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Checked => JSON.parse(line));
}
