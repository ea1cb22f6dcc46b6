import { ApiError } from '@backendai-e2e/kube/api-error';
import type { Lease } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { expect } from 'chai';
import { LeaseElection, LeaseLostError } from './lease-election.ts';
import { createMetrics } from './metrics.ts';

/** One Lease with the API server's rules, and a way to be unreachable for one candidate. */
class LeaseStore {
  lease: Lease | undefined;
  writes = 0;
  #version = 0;

  clientOf(reach: { broken: boolean }): Pick<KubeClient, 'get' | 'create' | 'replace'> {
    const check = () => {
      if (reach.broken)
        throw new ApiError({ what: 'lease', code: 0, reason: 'NoAnswer', message: 'cut off' });
    };
    const conflict = (reason: string) =>
      new ApiError({ what: 'lease', code: 409, reason, message: 'another candidate was first' });
    const store = (lease: Lease): Lease => {
      this.writes++;
      this.lease = structuredClone(lease);
      this.lease.metadata.resourceVersion = `${++this.#version}`;
      return structuredClone(this.lease);
    };
    const client = {
      get: async () => {
        check();
        return structuredClone(this.lease);
      },
      create: async (_resource: unknown, lease: Lease) => {
        check();
        if (this.lease) throw conflict('AlreadyExists');
        return store(lease);
      },
      replace: async (_resource: unknown, lease: Lease) => {
        check();
        if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion)
          throw conflict('Conflict');
        return store(lease);
      },
    };
    // The store knows Leases only, where the client is generic.
    return client as unknown as Pick<KubeClient, 'get' | 'create' | 'replace'>;
  }
}

describe('the election', () => {
  let clock: FakeClock;
  let store: LeaseStore;

  beforeEach(() => {
    clock = new FakeClock();
    store = new LeaseStore();
  });

  function candidate(identity: string) {
    const reach = { broken: false };
    const stop = new AbortController();
    const election = new LeaseElection({
      client: store.clientOf(reach),
      namespace: 'ns',
      name: 'operator',
      identity,
      log: quietLog(),
      metrics: createMetrics(),
      clock,
    });
    const seen = { led: 0, aborted: false };
    const end = election.run(stop.signal, async (leading) => {
      seen.led++;
      await new Promise<void>((resolve) => leading.addEventListener('abort', () => resolve()));
      seen.aborted = true;
    });
    return { election, reach, stop, seen, end };
  }

  it('has one leader, which renews every two seconds', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const b = candidate('b');
    await clock.advance(60_000);
    expect([a.election.isLeader, b.election.isLeader]).to.deep.equal([true, false]);
    expect(b.election.holder).to.equal('a');
    expect(store.writes).to.be.within(29, 32);
    b.stop.abort();
    a.stop.abort();
    await clock.advance(0);
    expect([await a.end, await b.end]).to.deep.equal(['released', 'released']);
  });

  it('hands over within seconds when the leader stops', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const b = candidate('b');
    await clock.advance(10_000);
    a.stop.abort();
    await clock.advance(0);
    expect(await a.end).to.equal('released');
    expect(a.seen.aborted).to.equal(true);
    expect(store.lease?.spec?.holderIdentity).to.equal('');
    await clock.advance(4_400);
    expect(b.election.isLeader).to.equal(true);
    b.stop.abort();
    await clock.advance(0);
  });

  it('never has two leaders: one that cannot renew stops before another takes over', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const b = candidate('b');
    await clock.advance(5_000);
    a.reach.broken = true;
    const broke = clock.monotonicMs();
    let stopped = 0;
    let taken = 0;
    for (let elapsed = 0; elapsed < 30_000; elapsed += 100) {
      await clock.advance(100);
      expect(a.election.isLeader && b.election.isLeader, `two leaders after ${elapsed} ms`).to.equal(false);
      if (!a.election.isLeader && stopped === 0) stopped = clock.monotonicMs() - broke;
      if (b.election.isLeader && taken === 0) taken = clock.monotonicMs() - broke;
    }
    expect(await a.end).to.equal('lost');
    expect(a.seen.aborted).to.equal(true);
    expect(stopped).to.be.within(8_000, 10_100);
    expect(taken).to.be.within(13_000, 20_000);
    expect(store.lease?.spec?.leaseTransitions).to.equal(1);
    b.stop.abort();
    await clock.advance(0);
  });

  it('survives a few seconds without the API server', async () => {
    const a = candidate('a');
    await clock.advance(4_000);
    a.reach.broken = true;
    await clock.advance(7_000);
    a.reach.broken = false;
    await clock.advance(20_000);
    expect([a.election.isLeader, a.seen.led, a.seen.aborted]).to.deep.equal([true, 1, false]);
    a.stop.abort();
    await clock.advance(0);
  });

  it('stops at once when another holds the lease', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const lease = store.lease;
    if (!lease?.spec) throw new Error('no lease');
    lease.spec.holderIdentity = 'thief';
    lease.metadata.resourceVersion = 'other';
    await clock.advance(2_000);
    expect(await a.end).to.equal('lost');
    expect(store.lease?.spec?.holderIdentity).to.equal('thief');
  });

  it('does not wait for a lease after a stop', async () => {
    const a = candidate('a');
    await clock.advance(0);
    const b = candidate('b');
    await clock.advance(1_000);
    b.stop.abort();
    await clock.advance(0);
    expect(await b.end).to.equal('released');
    expect([b.seen.led, store.lease?.spec?.holderIdentity]).to.deep.equal([0, 'a']);
    a.stop.abort();
    await clock.advance(0);
  });

  it('refuses durations that allow two leaders', () => {
    const build = (renewDeadlineMs: number) => () =>
      new LeaseElection({
        client: store.clientOf({ broken: false }),
        namespace: 'ns',
        name: 'x',
        identity: 'a',
        log: quietLog(),
        metrics: createMetrics(),
        renewDeadlineMs,
      });
    expect(build(15_000)).to.throw(RangeError, /two could lead/);
    expect(build(4_000)).to.throw(RangeError, /retry/);
  });

  it('lets a leader that was frozen past its lease write nothing, even before its timers', async () => {
    const a = candidate('a');
    await clock.advance(0);
    a.election.assertMayWrite('create jobs ns/run');
    clock.freeze(9_900);
    a.election.assertMayWrite('create jobs ns/run');
    clock.freeze(100);
    const sentence = 'Not sent: create jobs ns/run. This process lost the lease ns/operator.';
    expect(() => a.election.assertMayWrite('create jobs ns/run')).to.throw(LeaseLostError, sentence);
    await clock.advance(0);
    expect(await a.end).to.equal('lost');
    expect(() => a.election.assertMayWrite('create jobs ns/run')).to.throw(LeaseLostError);
  });

  it('lets a leader that has released its lease write its last events', async () => {
    const a = candidate('a');
    await clock.advance(0);
    a.stop.abort();
    await clock.advance(0);
    expect(await a.end).to.equal('released');
    clock.freeze(20_000);
    a.election.assertMayWrite('create events ns/last');
  });
});
