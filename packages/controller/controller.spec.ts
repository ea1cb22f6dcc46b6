import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { expect } from 'chai';
import { Controller, type Reconcile, TerminalError } from './controller.ts';
import { createMetrics } from './metrics.ts';

describe('the controller', () => {
  let clock: FakeClock;
  let stop: AbortController;
  let running: Promise<void>;
  const metrics = createMetrics();
  const a = { namespace: 'ns', name: 'a' };

  function start(reconcile: Reconcile, workers = 1): Controller {
    const controller = new Controller({ name: 'test', reconcile, workers, log: quietLog(), metrics, clock });
    running = controller.run(stop.signal);
    return controller;
  }

  async function results(): Promise<Record<string, number>> {
    const { values } = await metrics.reconcileTotal.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]));
  }

  beforeEach(() => {
    metrics.registry.resetMetrics();
    clock = new FakeClock();
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('reconciles enqueued keys, and again after the requested delay', async () => {
    const times: number[] = [];
    const controller = start(async (name) => {
      expect(name).to.deep.equal(a);
      times.push(clock.monotonicMs());
      return times.length < 3 ? { requeueAfterMs: 1_000 } : undefined;
    });
    controller.enqueue(a);
    await clock.advance(10_000);
    expect(times).to.deep.equal([0, 1_000, 2_000]);
    expect(await results()).to.deep.equal({ requeue_after: 2, success: 1 });
  });

  it('retries after an error with growing delays, which a success resets', async () => {
    const times: number[] = [];
    const controller = start(async () => {
      times.push(clock.monotonicMs());
      if (times.length <= 3 || times.length === 5) throw new Error('not yet');
      return undefined;
    });
    controller.enqueue(a);
    await clock.advance(1_000);
    expect(times).to.deep.equal([0, 5, 15, 35]);
    controller.enqueue(a);
    await clock.advance(1_000);
    expect(times.slice(4)).to.deep.equal([1_000, 1_005]);
  });

  it('keeps its pauses when each failed reconcile changes its own object', async () => {
    const times: number[] = [];
    const controller = start(async (name) => {
      times.push(clock.monotonicMs());
      // Without a pause, the clock would never move.
      if (times.length > 30) return undefined;
      controller.enqueue(name);
      throw new Error(`the ${times.length % 2 === 0 ? 'first' : 'second'} object is refused`);
    });
    controller.enqueue(a);
    await clock.advance(60_000);
    expect(times.slice(0, 4)).to.deep.equal([0, 5, 15, 35]);
    expect(times.at(-1)).to.be.greaterThan(50_000);
  });

  it('does not retry after a terminal error before the next change', async () => {
    let calls = 0;
    const controller = start(async () => {
      calls++;
      throw new TerminalError('no retry helps');
    });
    controller.enqueue(a);
    await clock.advance(3_600_000);
    expect(calls).to.equal(1);
    controller.enqueue(a);
    await clock.advance(0);
    expect(calls).to.equal(2);
    expect(await results()).to.deep.equal({ terminal: 2 });
  });

  it('survives a reconcile that throws synchronously', async () => {
    let calls = 0;
    const controller = start(() => {
      calls++;
      if (calls === 1) throw new TypeError('a bug');
      return Promise.resolve(undefined);
    });
    controller.enqueue(a);
    await clock.advance(100);
    expect(calls).to.equal(2);
  });

  it('reconciles different keys at once, but each key once at a time', async () => {
    const active = new Map<string, number>();
    let most = 0;
    const controller = start(async (name) => {
      const now = (active.get(name.name) ?? 0) + 1;
      active.set(name.name, now);
      expect(now).to.equal(1);
      most = Math.max(
        most,
        [...active.values()].reduce((sum, count) => sum + count, 0),
      );
      await new Promise<void>((resolve) => clock.setTimer(10, resolve));
      active.set(name.name, 0);
      return undefined;
    }, 3);
    for (let round = 0; round < 5; round++) {
      for (const name of ['a', 'b', 'c', 'd']) controller.enqueue({ name });
      await clock.advance(5);
    }
    await clock.advance(1_000);
    expect(most).to.equal(3);
    expect(await results()).to.have.keys(['success']);
  });

  it('aborts a reconcile at its deadline and retries it', async () => {
    const reasons: string[] = [];
    const controller = start((_, signal) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(String(signal.reason));
          reject(signal.reason);
        });
      });
    });
    controller.enqueue(a);
    await clock.advance(120_000);
    expect(reasons).to.deep.equal(['Error: The reconcile of ns/a took longer than 120 s.']);
    expect(await results()).to.deep.equal({ error: 1 });
  });

  it('aborts and awaits running reconciles on stop, and counts no error', async () => {
    let ended = false;
    let calls = 0;
    const controller = start(async (_, signal) => {
      calls++;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await new Promise<void>((resolve) => clock.setTimer(50, resolve));
      ended = true;
      throw signal.reason;
    });
    controller.enqueue(a);
    controller.enqueue({ name: 'b' });
    await clock.advance(0);
    stop.abort(new Error('stopped'));
    await clock.advance(50);
    await running;
    expect([ended, calls]).to.deep.equal([true, 1]);
    expect((await metrics.reconcileErrors.get()).values).to.deep.equal([]);
  });
});
