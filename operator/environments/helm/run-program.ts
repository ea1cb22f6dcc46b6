import { spawn } from 'node:child_process';

/** The parameters of a program call. */
export interface ProgramCall {
  /** Path, or a name that is looked up in $PATH. */
  program: string;
  args: readonly string[];
  /** Keep its stdout, MOST_OUTPUT characters at most. */
  output?: boolean;
  /** Written to stdin, which is then closed. */
  input: string;
  /** Variables in addition to those of this process. */
  env: Record<string, string>;
  /** Stops the program. */
  signal: AbortSignal;
  /** Milliseconds after which the program is stopped. */
  deadlineMs: number;
}

/** How a program ended. */
export interface ProgramEnd {
  /** undefined: the program could not be started, or a signal ended it. */
  exitCode: number | undefined;
  /** Its stdout; empty unless it was asked for. */
  stdout: string;
  /** The end of its stderr, KEPT_CHARACTERS at most. */
  stderr: string;
  /** The deadline passed. */
  timedOut: boolean;
  /** Why the program could not be started. */
  failure?: Error;
}

/** Characters kept from the end of stderr: far more than any message shows. */
const KEPT_CHARACTERS = 64 * 1024;
/** Characters of stdout after which a program is stopped. */
const MOST_OUTPUT = 16 * 1024 * 1024;
/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000;

/**
 * Runs a program to its end, and never rejects. A stdout that is not asked for is dropped. The program gets SIGTERM, then
 * SIGKILL, when the signal aborts, when its deadline passes, and when this process exits. So no second one runs beside it.
 */
export function runProgram(call: ProgramCall): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(call.program, call.args, {
      env: { ...process.env, ...call.env },
      stdio: ['pipe', call.output ? 'pipe' : 'ignore', 'pipe'],
    });
    let stdout = '';
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
      resolve({ stdout, stderr, timedOut, ...end });
    };
    process.once('exit', exiting);
    if (call.signal.aborted) stop();
    else call.signal.addEventListener('abort', stop, { once: true });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.length > MOST_OUTPUT) stop();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-KEPT_CHARACTERS);
    });
    // A program that ends without reading its input breaks the pipe; its exit code is more useful.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(call.input);
    // A child may still hold stderr: do not wait for it after the program was stopped.
    child.once('exit', () => {
      if (!stopped) return;
      child.stderr?.destroy();
      child.stdout?.destroy();
    });
    child.once('error', (failure) => settle({ exitCode: undefined, failure }));
    child.once('close', (code) => settle({ exitCode: code ?? undefined }));
  });
}
