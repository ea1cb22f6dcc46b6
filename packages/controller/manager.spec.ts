import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { expect } from 'chai';
import { Controller, type Reconcile } from './controller.ts';
import { HealthServer } from './health.ts';
import type { Source } from './informer.ts';
import type { LeaseElection } from './lease-election.ts';
import { Manager } from './manager.ts';
import { createMetrics } from './metrics.ts';

/** An informer whose first list comes when the test says so. */
class FakeSource implements Source {
  readonly name = 'things';
  hasSynced = false;
  readonly #story: string[];
  readonly #synced = Promise.withResolvers<void>();

  constructor(story: string[]) {
    this.#story = story;
  }

  sync(): void {
    this.hasSynced = true;
    this.#synced.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#story.push('informer starts');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    this.#story.push('informer ends');
  }

  waitForSync(_timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      void this.#synced.promise.then(resolve);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }
}

describe('the manager', () => {
  let story: string[];
  let source: FakeSource;
  let health: HealthServer;
  let port: number;
  const stop = () => new AbortController();

  beforeEach(() => {
    story = [];
    source = new FakeSource(story);
    health = new HealthServer({ port: 0, host: '127.0.0.1' });
    const start = health.start.bind(health);
    health.start = async () => {
      port = await start();
      story.push('health starts');
      return port;
    };
  });

  function manager(reconcile: Reconcile, election?: Pick<LeaseElection, 'run'>, clock?: FakeClock): Manager {
    const controller = new Controller({
      name: 'c',
      reconcile,
      log: quietLog(),
      metrics: createMetrics(),
      clock: new FakeClock(),
    });
    controller.enqueue({ name: 'a' });
    return new Manager({
      log: quietLog(),
      health,
      // The manager only runs it.
      election: election as LeaseElection | undefined,
      ...(clock ? { clock } : {}),
    })
      .addInformer(source)
      .addController(controller)
      .onStop('first', async () => void story.push('stop first'))
      .onStop('second', async () => void story.push('stop second'));
  }

  const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

  it('starts in order, reconciles only with synced caches, and stops in reverse', async () => {
    const signal = stop();
    const running = manager(async () => void story.push('reconcile')).run(signal.signal);
    await turn();
    expect(story).to.deep.equal(['health starts', 'informer starts']);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).to.equal(503);
    source.sync();
    await turn();
    expect(story).to.deep.equal(['health starts', 'informer starts', 'reconcile']);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).to.equal(200);
    signal.abort();
    expect(await running).to.equal('stopped');
    expect(story.slice(3)).to.deep.equal(['informer ends', 'stop second', 'stop first']);
  });

  it('is ready but reconciles nothing while another leads', async () => {
    const signal = stop();
    const waiting = {
      run: async (until: AbortSignal) => {
        await new Promise<void>((resolve) => until.addEventListener('abort', () => resolve()));
        return 'released' as const;
      },
    };
    const running = manager(async () => void story.push('reconcile'), waiting).run(signal.signal);
    source.sync();
    await turn();
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).to.equal(200);
    expect(story).not.to.include('reconcile');
    signal.abort();
    expect(await running).to.equal('stopped');
  });

  it('ends at once when leadership is lost, without waiting for work or stop callbacks', async () => {
    const losing = {
      run: async (_: AbortSignal, lead: (leading: AbortSignal) => Promise<void>) => {
        const leading = new AbortController();
        void lead(leading.signal);
        await turn();
        leading.abort();
        return 'lost' as const;
      },
    };
    const running = manager(() => new Promise(() => {}), losing, new FakeClock()).run(stop().signal);
    source.sync();
    expect(await running).to.equal('lost-leadership');
    expect(story).not.to.include('stop first');
  });

  it('waits a limited time for a reconcile that does not end', async () => {
    const clock = new FakeClock();
    const signal = stop();
    const running = manager(() => new Promise(() => {}), undefined, clock).run(signal.signal);
    source.sync();
    await turn();
    signal.abort();
    await clock.advance(20_000);
    expect(await running).to.equal('stopped');
    expect(story).to.include('stop first');
  });

  it('stops before the caches are synced', async () => {
    const signal = stop();
    const running = manager(async () => undefined).run(signal.signal);
    await turn();
    signal.abort(new Error('stopped'));
    expect(await running).to.equal('stopped');
    expect(story).to.include('informer ends');
  });
});
