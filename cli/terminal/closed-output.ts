/** Exit code of a program that was ended by SIGPIPE, as shells show it. */
const CLOSED_OUTPUT_EXIT = 141;

/** Commands that change something: they continue, and end with their own code, after the reader closed the output. */
const GO_ON: ReadonlySet<string> = new Set([
  'kind',
  'up',
  'down',
  'images',
  'bench',
  'test',
  'run',
  'rerun',
  'cancel',
  'init',
  'staging',
  'staging-selftest',
  'cron-selftest',
  'breakages-selftest',
  'attach',
  'images-push',
]);

/** What listens for errors of an output: process.stdout, or a stand-in in a test. */
interface Output {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * Says what happens when the reader of the output goes away (`e2e list | head -1`, a closed terminal): a command that only
 * looks ends at once, one that does something goes on without its output.
 */
export function onClosedOutput(
  command: string | undefined,
  outputs: readonly Output[] = [process.stdout, process.stderr],
  exit: (code: number) => void = process.exit,
): void {
  for (const output of outputs) {
    output.on('error', (error) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      if (!GO_ON.has(command ?? '')) exit(CLOSED_OUTPUT_EXIT);
    });
  }
}
