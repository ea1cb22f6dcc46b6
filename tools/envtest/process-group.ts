import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Outlives us by a moment: it reads our pipe, and when that ends without a "done" (we were killed, or Mocha left without
 * stopping us), it kills what is still running and removes the folder. Lines: "start <pid>", "ended <pid>", "done 0".
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

/** Lines of a program's log that a failure shows. */
const LOG_LINES = 15;

/** A running program of the group. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** How it ended, for messages; undefined while it runs. */
  readonly ended: string | undefined;
  /** Last lines of what it printed. */
  lastLines(): string;
  /** Sends the signal, and resolves when it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/**
 * Programs with a folder of their own. Nothing of it stays: end() removes all, and when this process dies before that,
 * however it dies, the guard does. They do not keep this process alive and do not see its terminal's Ctrl-C.
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
    // A guard that is gone cannot be told; what it was for is then lost, but not the tests.
    this.#guard.stdin?.on('error', () => {});
  }

  get pids(): number[] {
    return [...this.#running].map(({ pid }) => pid);
  }

  /** Starts a program; its output goes to <name>.log in the folder. Rejects when it cannot be started. */
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
        // Waiting for its end must keep us alive, else Node could leave with the promise open.
        child.ref();
        child.kill(signal);
        await gone;
      },
    };
    this.#running.add(running);
    return running;
  }

  /** Kills what runs and removes the folder. */
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
