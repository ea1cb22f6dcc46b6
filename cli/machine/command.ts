import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { type Provision, ProvisionError } from './provision.ts';

/** How a program of the machine is run: its input, its limits, and where its output goes. */
export interface CommandOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Text for standard input; without it, standard input is empty. */
  input?: string;
  /** Seconds until the command's process group is ended. Default 60. */
  timeoutSeconds?: number;
  /** Seconds within which a first line of output has to appear. */
  firstLineSeconds?: number;
  /** Name of the log file in <cache>/logs that gets the whole output; the command line is its first line. */
  log?: string;
  /** Called for each line of standard output and standard error. */
  onLine?: (line: string) => void;
  /**
   * Seconds that children of the command get to finish after it was ended, before they are ended too. Set it for clients of a
   * server that finishes what it has begun. Only after that is it known what to clean up.
   */
  childrenFinishSeconds?: number;
  /** Replaces the provision's signal: for clean-up that has to run after an abort. */
  signal?: AbortSignal;
  /** What to do when it fails. */
  remedy?: string;
}

/** A command that ended with another code than 0, was ended, or could not be started. */
export class CommandError extends ProvisionError {
  /** Exit code; undefined where it was ended by a signal or never started. */
  readonly exitCode: number | undefined;
  /** Last lines of standard output and standard error, together. */
  readonly tail: string;

  constructor(message: string, remedy: string, exitCode: number | undefined, tail: string) {
    super(message, remedy);
    this.exitCode = exitCode;
    this.tail = tail;
  }
}

const TAIL_LINES = 15;
const KILL_GRACE_MS = 5_000;

/**
 * Runs a command in its own process group and returns its standard output, without the last newline.
 * The whole group is ended on abort and on time-out (TERM, then KILL after 5 s).
 * @throws CommandError with the last lines of output; the signal's reason when aborted.
 */
export async function command(
  p: Provision,
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string> {
  const signal = options.signal ?? p.signal;
  signal.throwIfAborted();
  const shown = [file, ...args].join(' ').slice(0, 200);
  const log = options.log === undefined ? undefined : openLog(p, options.log, shown);
  const timeoutSeconds = options.timeoutSeconds ?? 60;

  const child = execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    input: options.input ?? '',
    reject: false,
    buffer: false,
    // A group of its own: Ctrl-C at the terminal reaches only this process, which then ends the group in order.
    detached: true,
  });
  const stdout: string[] = [];
  const tail: string[] = [];
  let why: string | undefined;
  const end = (reason: string): void => {
    why ??= reason;
    if (options.childrenFinishSeconds === undefined) killGroup(child.pid);
    else child.kill('SIGTERM');
  };
  const onAbort = (): void => end('was interrupted');
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => end(`did not end within ${timeoutSeconds} s`), timeoutSeconds * 1_000);
  let firstLine: NodeJS.Timeout | undefined;
  if (options.firstLineSeconds !== undefined) {
    const seconds = options.firstLineSeconds;
    firstLine = setTimeout(() => end(`printed nothing within ${seconds} s`), seconds * 1_000);
  }
  const take = (line: string): void => {
    clearTimeout(firstLine);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    log?.write(`${line}\n`);
    options.onLine?.(line);
  };
  const readers = [
    eachLine(child.stdout, (line) => {
      stdout.push(line);
      take(line);
    }),
    eachLine(child.stderr, take),
  ];

  try {
    const result = await child;
    await Promise.all(readers);
    if (why !== undefined && options.childrenFinishSeconds !== undefined) {
      await groupEnds(child.pid, options.childrenFinishSeconds);
    }
    if (signal.aborted) signal.throwIfAborted();
    if (why === undefined && result.exitCode === 0) return stdout.join('\n');
    const reason =
      why ??
      (result.exitCode !== undefined
        ? `ended with code ${result.exitCode}`
        : result.signal
          ? `was ended by ${result.signal}`
          : `could not be started: ${result.shortMessage}`);
    const where = options.log === undefined ? '' : ` (whole output: ${logPath(p, options.log)})`;
    throw new CommandError(
      `"${shown}" ${reason}${where}${tail.length > 0 ? `:\n  ${tail.join('\n  ')}` : ''}`,
      options.remedy ?? 'Read the output above, then run the command again.',
      result.exitCode,
      tail.join('\n'),
    );
  } finally {
    clearTimeout(timer);
    clearTimeout(firstLine);
    signal.removeEventListener('abort', onAbort);
    if (log) {
      log.end();
      await finished(log);
    }
  }
}

/** The standard output where the command succeeds, undefined where it fails or does not exist. Abort still throws. */
export async function tryCommand(
  p: Provision,
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string | undefined> {
  try {
    return await command(p, file, args, options);
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

/** Output of a command that failed because of the network: a retry may help. */
const NETWORK_TROUBLE =
  /connection reset|connection refused|timed? ?out|temporary failure|\bEOF\b|TLS handshake|i\/o timeout|no route to host|50[0234] |bad gateway|service unavailable|could not connect|failed to fetch|ECONNRESET|ETIMEDOUT|EAI_AGAIN|stream error/i;

/** Whether the output of a failed command points to a network failure. */
export function looksLikeNetworkTrouble(output: string): boolean {
  return NETWORK_TROUBLE.test(output);
}

/** Like {@link command}; after a network failure retries after 2, 4 and 8 s. */
export async function commandWithRetry(
  p: Provision,
  file: string,
  args: string[],
  options: CommandOptions = {},
): Promise<string> {
  for (let wait = 2; ; wait *= 2) {
    try {
      return await command(p, file, args, options);
    } catch (error) {
      if (!(error instanceof CommandError) || wait > 8 || !looksLikeNetworkTrouble(error.tail)) throw error;
      p.log(`${path.basename(file)} ${args[0] ?? ''}: network failure, retrying in ${wait} s`);
      await delay(wait * 1_000, undefined, { signal: p.signal });
    }
  }
}

/** Where the log file of that name lies. */
export function logPath(p: Provision, name: string): string {
  return path.join(p.cacheDir, 'logs', `${name}.log`);
}

function openLog(p: Provision, name: string, firstLine: string): WriteStream {
  const file = logPath(p, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const stream = createWriteStream(file);
  stream.write(`$ ${firstLine}\n`);
  return stream;
}

async function eachLine(stream: NodeJS.ReadableStream | null, take: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream })) take(line);
}

/** Waits until no process of the group is left; ends those that are after the time given. */
async function groupEnds(pid: number | undefined, seconds: number): Promise<void> {
  if (pid === undefined) return;
  const deadline = Date.now() + seconds * 1_000;
  while (sendToGroup(pid, 0)) {
    if (Date.now() > deadline) return killGroup(pid);
    await delay(100);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  sendToGroup(pid, 'SIGTERM');
  setTimeout(() => sendToGroup(pid, 'SIGKILL'), KILL_GRACE_MS).unref();
}

/** False where the group is gone already. Signal 0 only asks. */
function sendToGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
