import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A shell that outlives this process. It reads a pipe. A pipe that ends without "done" means that this process was killed or that
 * Mocha exited early. The shell then kills the programs that still run, and removes the folder. Lines: "start <pid>",
 * "ended <pid>", "done 0".
 */
const GUARD = `
pids=""
while read -r word pid; do
  case $word in
    start) pids="$pids $pid" ;;
    ended) rest=""; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids=$rest ;;
    done) exit 0 ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
`;

/** The number of log lines that an error shows. */
const LOG_LINES = 15;

/** A running program of the group. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** How the program ended, for messages. Undefined while it runs. */
  readonly ended: string | undefined;
  /** The last lines of its output. */
  lastLines(): string;
  /** Sends the signal, and resolves when the program has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/**
 * Runs programs in a temporary folder. end() kills them and removes the folder. If this process ends first, the guard does so.
 * The programs do not keep this process alive and do not receive the Ctrl-C of its terminal.
 */
export class ProcessGroup {
  readonly folder: string;
  readonly #guard: ChildProcess;
  readonly #running = new Set<Running>();

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
    this.#guard = spawn('sh', ['-c', GUARD, 'guard', this.folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.unref();
    if (this.#guard.stdin instanceof Socket) this.#guard.stdin.unref();
    // Without its guard the group still works: only the cleanup after a kill is lost.
    this.#guard.stdin?.on('error', () => {});
  }

  get pids(): number[] {
    return [...this.#running].map(({ pid }) => pid);
  }

  /** Starts a program. Its output goes to <name>.log in the folder. Rejects when the program cannot start. */
  async start(name: string, path: string, args: readonly string[]): Promise<Running> {
    const logPath = join(this.folder, `${name}.log`);
    const log = openSync(logPath, 'a');
    const child = spawn(path, args, { stdio: ['ignore', log, log], detached: true, cwd: this.folder });
    closeSync(log);
    let ended: string | undefined;
    const gone = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
        this.#running.delete(running);
        this.#tell('ended', child.pid ?? 0);
        resolve();
      });
    });
    await once(child, 'spawn');
    child.unref();
    const pid = child.pid ?? 0;
    this.#tell('start', pid);
    const running: Running = {
      name,
      pid,
      get ended() {
        return ended;
      },
      lastLines: () => readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n'),
      end: async (signal) => {
        if (ended !== undefined) return;
        // Keep this process alive until the program has ended: an open promise alone does not.
        child.ref();
        child.kill(signal);
        await gone;
      },
    };
    this.#running.add(running);
    return running;
  }

  /** Kills all programs and removes the folder. */
  async end(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.end('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.#tell('done', 0);
    this.#guard.stdin?.end();
  }

  #tell(word: 'start' | 'ended' | 'done', pid: number): void {
    this.#guard.stdin?.write(`${word} ${pid}\n`);
  }
}
