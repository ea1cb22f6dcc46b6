import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { withLock } from './lock.ts';
import { inParallel } from './parallel.ts';
import type { Provision } from './provision.ts';

describe('the lock of the cache', () => {
  let cacheDir: string;
  let p: Provision;
  beforeEach(() => {
    cacheDir = mkdtempSync(path.join(tmpdir(), 'lock-'));
    p = { cacheDir, signal: new AbortController().signal, log: () => undefined };
  });
  afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

  it('admits one process at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await delay(20);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(p, 'thing', work)));
    expect(most).to.equal(1);
  });
  it('is released after a failure', async () => {
    const failing = withLock(p, 'thing', async () => {
      throw new Error('broken');
    });
    expect(await failing.catch((error: Error) => error.message)).to.equal('broken');
    expect(await withLock(p, 'thing', async () => 'in')).to.equal('in');
  });
  it('is taken from a process that has ended', async () => {
    mkdirSync(path.join(cacheDir, 'locks'));
    // Above the kernel's largest process id (2^22).
    writeFileSync(path.join(cacheDir, 'locks/thing.lock'), '99999999');
    expect(await withLock(p, 'thing', async () => 'in')).to.equal('in');
  });
  it('stops waiting on an interruption', async () => {
    const stop = new AbortController();
    await withLock(p, 'thing', async () => {
      setTimeout(() => stop.abort(new Error('Ctrl-C')), 50);
      const second = withLock({ ...p, signal: stop.signal }, 'thing', async () => 'in');
      expect(await second.catch((error: Error) => error.name)).to.equal('AbortError');
    });
  });
});

describe('tasks at the same time', () => {
  it('are all awaited, and the first failure is thrown', async () => {
    let stopped: unknown;
    let ended = false;
    const tasks = [
      async () => {
        throw new Error('first');
      },
      async () => {
        await delay(30);
        ended = true;
        throw new Error('second');
      },
    ];
    const failure = await inParallel(tasks, (reason) => {
      stopped = reason;
    }).catch((error: Error) => error);
    expect(failure).to.have.property('message', 'first');
    expect(stopped).to.equal(failure);
    expect(ended).to.equal(true);
  });
});
