import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '../operator/api/runner.ts';
import { onClosedOutput } from './program/closed-output.ts';
import { AS_PLUGIN } from './program/names.ts';
import { createProgram } from './program/program.ts';

// Node would exit with 1, which here means that a suite failed.
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(COMMAND_EXIT.couldNotRun);
});
onClosedOutput(process.argv[2]);

const program = createProgram(end, (error) => {
  process.exit(error.exitCode === 0 ? 0 : COMMAND_EXIT.couldNotRun);
});
if (process.env.E2E_CALLED_AS === AS_PLUGIN) program.name('kubectl e2e');
await program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  return end(COMMAND_EXIT.couldNotRun);
});

/**
 * Ends the process with a code. With a file (make's e2e-kind, see the Makefile) the code goes there as a line of make
 * and the process succeeds, unless it was interrupted.
 */
async function end(code: number, file?: string): Promise<void> {
  // An output that nobody reads says so after the write: see onClosedOutput.
  await new Promise((resolve) => process.stdout.write('', resolve));
  if (file && code !== COMMAND_EXIT.interrupted) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `E2E_EXIT_CODE := ${code}\n`);
    process.exit(COMMAND_EXIT.passed);
  }
  process.exit(code);
}
