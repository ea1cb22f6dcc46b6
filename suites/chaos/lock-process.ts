import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Connection } from '@backendai-e2e/api/connection';
import type { CleanupStack } from '../fixtures/cleanup-stack.ts';

/** Longest time until the process has its lock, seconds. */
const TAKE_SECONDS = 30;

/** A separate process that holds a lock of etcd and keeps its lease alive. */
export class LockProcess {
  /** Key of the lock that it holds. */
  readonly key: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, key: string) {
    this.#process = process;
    this.key = key;
  }

  /** Starts it and waits until it has the lock. The cleanup stack kills it. Throws an Error when it gets no lock in time. */
  static async start(
    etcd: Connection['etcd'],
    lock: string,
    leaseSeconds: number,
    cleanup: CleanupStack,
  ): Promise<LockProcess> {
    // This file is TypeScript in the checkout and JavaScript in the image.
    const file = new URL(`./etcd-lock-holder${extname(import.meta.url)}`, import.meta.url);
    const child = fork(file, [etcd.endpoints[0] ?? '', lock, String(leaseSeconds)], { stdio: 'inherit' });
    cleanup.add(`process ${child.pid} with lock ${lock}`, async () => child.kill('SIGKILL'));
    const limit = AbortSignal.timeout(TAKE_SECONDS * 1000);
    const [message] = (await Promise.race([
      once(child, 'message', { signal: limit }),
      once(child, 'exit', { signal: limit }).then(([code]) => {
        throw new Error(`the process that was to hold ${lock} ended with ${code}`);
      }),
    ])) as [{ key: string }];
    return new LockProcess(child, message.key);
  }

  /** Sends SIGKILL, so that nothing is released. Resolves when the process has ended. */
  async kill(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
