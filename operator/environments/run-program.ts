import { spawn } from 'node:child_process';

/** What one call of a program needs. */
export interface ProgramCall {
  /** Path, or a name to be found in $PATH. */
  program: string;
  args: readonly string[];
  /** Given on stdin, which is then closed. */
  input: string;
  /** Variables besides those of this process. */
  env: Record<string, string>;
  /** Ends the program. */
  signal: AbortSignal;
  /** Milliseconds after which it is ended. */
  deadlineMs: number;
}

/** How a program ended. */
export interface ProgramEnd {
  /** undefined: it could not be started, or a signal ended it. */
  exitCode: number | undefined;
  /** The end of what it wrote to stderr, KEPT_CHARACTERS at most. */
  stderr: string;
  /** Its deadline was over. */
  timedOut: boolean;
  /** Why it could not be started. */
  failure?: Error;
}

/** Characters of stderr that are kept, from the end: far more than anybody is shown. */
const KEPT_CHARACTERS = 64 * 1024;
/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;

/**
 * Runs a program to its end; never rejects. stdout is dropped. It is told to end (SIGTERM, then SIGKILL) when the signal
 * aborts, when its time is over, and when this process exits, so that no second one works beside it.
 */
export function runProgram(call: ProgramCall): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(call.program, call.args, {
      env: { ...process.env, ...call.env },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let stderr = '';
    let timedOut = false;
    let stopped = false;
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      stopped = true;
      child.kill('SIGTERM');
      grace ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    const exiting = () => child.kill('SIGTERM');
    const deadline = setTimeout(() => {
      timedOut = true;
      stop();
    }, call.deadlineMs);
    const settle = (end: Pick<ProgramEnd, 'exitCode' | 'failure'>) => {
      clearTimeout(deadline);
      clearTimeout(grace);
      call.signal.removeEventListener('abort', stop);
      process.removeListener('exit', exiting);
      resolve({ stderr, timedOut, ...end });
    };
    process.once('exit', exiting);
    if (call.signal.aborted) stop();
    else call.signal.addEventListener('abort', stop, { once: true });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-KEPT_CHARACTERS);
    });
    // A program that ends without reading its input breaks the pipe; its exit code tells more than that.
    child.stdin.on('error', () => undefined);
    child.stdin.end(call.input);
    // Somebody else may hold its stderr: who was told to end is not waited for any longer than itself.
    child.once('exit', () => {
      if (stopped) child.stderr.destroy();
    });
    child.once('error', (failure) => settle({ exitCode: undefined, failure }));
    child.once('close', (code) => settle({ exitCode: code ?? undefined }));
  });
}
