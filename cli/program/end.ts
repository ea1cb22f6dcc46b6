import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';

/** Ends the process with an exit code; with a file, the code goes there for make (see the Makefile). */
export type End = (code: number, file?: string) => Promise<void>;

/**
 * Ends the process with a code. With a file, the code goes there as a line of make, which the Makefile explains. The process
 * then succeeds unless it was interrupted.
 */
export async function end(code: number, file?: string): Promise<void> {
  // A closed output reports its error after the write: see onClosedOutput.
  await new Promise((resolve) => process.stdout.write('', resolve));
  if (file && code !== COMMAND_EXIT.interrupted) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `E2E_EXIT_CODE := ${code}\n`);
    process.exit(COMMAND_EXIT.passed);
  }
  process.exit(code);
}
