import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { shownLines } from './lines.ts';
import { terminalSvg } from './terminal-svg.ts';

/** The recording in the README, relative to the checkout. */
const RECORDING = 'docs/images/whole-run.svg';

/** `tools/dev recording`: draws the recording of the README from the job.log of a whole run. */
export async function recordingCommand(folder: string): Promise<number> {
  const log = await readFile(path.join(folder, 'job.log'), 'utf8');
  const svg = terminalSvg('make e2e-kind', shownLines(log));
  await writeFile(path.join(PROJECT_ROOT, RECORDING), svg);
  console.log(`${RECORDING} is written, ${Math.round(Buffer.byteLength(svg) / 1000)} kB`);
  return COMMAND_EXIT.passed;
}
