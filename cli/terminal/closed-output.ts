/** Exit code of a program that was ended by SIGPIPE, as shells show it. */
const CLOSED_OUTPUT_EXIT = 141;

/** What listens for errors of an output: process.stdout, or a stand-in in a test. */
interface Output {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * Decides what happens when the reader closes the output (`e2e list | head -1`, a closed terminal).
 * @param continues true for a command that changes something: it continues without its output and ends with its own code.
 * A command that only reads ends at once
 */
export function onClosedOutput(
  continues: boolean,
  outputs: readonly Output[] = [process.stdout, process.stderr],
  exit: (code: number) => void = process.exit,
): void {
  for (const output of outputs) {
    output.on('error', (error) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      if (!continues) exit(CLOSED_OUTPUT_EXIT);
    });
  }
}
