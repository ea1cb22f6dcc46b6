import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unlessMissing } from './optional-file.ts';
import { type Provision, ProvisionError } from './provision.ts';

/** The longest cold step (Kubernetes, 8 min on 2 cores) with a wide margin. */
const WAIT_SECONDS = 45 * 60;

/**
 * Runs `work` while holding the named lock of the cache. So two runs never build the same thing at once. The lock is a file
 * with the holder's process id. A lock whose process has ended is taken over.
 * @throws ProvisionError when another process holds it for 45 minutes
 */
export async function withLock<T>(p: Provision, name: string, work: () => Promise<T>): Promise<T> {
  const file = path.join(p.cacheDir, 'locks', `${name}.lock`);
  await mkdir(path.dirname(file), { recursive: true });
  const deadline = Date.now() + WAIT_SECONDS * 1_000;
  let told = false;
  while (!(await take(file))) {
    const holder = await holderOf(file);
    if (holder === undefined || !isAlive(holder)) {
      await rm(file, { force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new ProvisionError(
        `Process ${holder} has held ${file} for ${WAIT_SECONDS / 60} minutes.`,
        `See what process ${holder} does; if it is no run of this project, delete that file.`,
      );
    }
    if (!told) p.log(`waiting for process ${holder}, which builds ${name}`);
    told = true;
    await delay(500, undefined, { signal: p.signal });
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The process id in the lock. Undefined where the lock is gone, or empty after a crash between two system calls. */
async function holderOf(file: string): Promise<number | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const text = await unlessMissing(readFile(file, 'utf8'));
    if (text === undefined) return undefined;
    const pid = Number.parseInt(text, 10);
    if (pid > 0) return pid;
    await delay(50);
  }
  return undefined;
}

/** Whether a process with that id runs, under any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
