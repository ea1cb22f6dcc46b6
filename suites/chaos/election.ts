import { LEADER_LOCKS } from '@backendai-e2e/api/fault';
import { expect } from 'chai';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';
import { type FaultInjector, type Receipt, withFault } from './faults.ts';
import { handovers, LockWatch, longestGap } from './lock-watch.ts';

/**
 * The election of Backend.AI 26.9 (ai.backend.common.leader): the lock lives 30 s; its holder renews it and the others ask
 * for it every 10 s, and who is told to stop gives it back at the end of stopping its own tasks.
 */
export const LEASE_SECONDS = 30;
/** From the deletion until the lock is given back. */
export const RELEASED_SECONDS = 10;
/** From a fault that keeps the leader from giving it back: what is left of the lease, which is renewed every 10 s. */
export const LOST_SECONDS = { least: 17, most: 32 };
/** A new process of a component takes that long until it may lead, on two busy cores. */
export const START_SECONDS = 120;
/** Looks at the lock may be that far apart; what happened in between nobody saw. */
export const GAP_MS = 2_000;

/** A lock of which a suite looks who holds it. */
export type Lock = keyof typeof LEADER_LOCKS;

/** What a fault is aimed at to hit the holder of a lock, whoever that is then. */
export function leaderOf(lock: Lock): { component: string; leader: Lock } {
  return { component: LEADER_LOCKS[lock].component, leader: lock };
}

/**
 * Watches a lock while the body runs, and checks what must hold at any time: no lease is longer than it may be.
 * Throws {@link Inconclusive} when nobody looked for longer than {@link GAP_MS}.
 */
export async function watched<T>(
  world: World,
  lock: Lock,
  body: (watch: LockWatch) => Promise<T>,
): Promise<T> {
  const watch = new LockWatch(world.valkey.db(VALKEY_DB.streamLock), LEADER_LOCKS[lock].key).start();
  try {
    const result = await body(watch);
    if (longestGap(watch.samples) > GAP_MS) {
      throw new Inconclusive(`nobody looked at the lock for ${longestGap(watch.samples)} ms`);
    }
    for (const { holder, ttlMs } of watch.samples) {
      if (holder === undefined) continue;
      expect(ttlMs, `lease of ${holder}, ms`).to.be.within(0, LEASE_SECONDS * 1000);
    }
    return result;
  } finally {
    watch.stop();
  }
}

/** Waits until somebody holds the lock of whom `is` is true. `at`: when that was seen, milliseconds since 1970. */
export function holder(
  watch: LockWatch,
  what: string,
  deadlineSeconds: number,
  is: (holder: string) => boolean = () => true,
): Promise<{ name: string; at: number }> {
  return waitUntil(
    what,
    async () => {
      const last = watch.samples.at(-1);
      return last?.holder && is(last.holder) ? { name: last.holder, at: last.at } : notYet(last);
    },
    { deadlineSeconds, everyMs: 50 },
  );
}

/** The first look after the fault that does not show the old holder any more, milliseconds since 1970. */
export function releasedAt(watch: LockWatch, receipt: Receipt, before: string): number {
  const since = receipt.injectedAt.getTime();
  return watch.samples.find(({ at, holder: who }) => at > since && who !== before)?.at ?? Number.NaN;
}

/**
 * Kills the leader's process once; it, or another one when it comes back too late, must lead on.
 * @returns who leads then, as the lock says
 */
export function killed(world: World, faults: FaultInjector, lock: Lock): Promise<string> {
  return watched(world, lock, async (watch) => {
    const before = await holder(watch, 'a leader', LEASE_SECONDS + 10);
    const target = leaderOf(lock);
    const leads = await withFault(faults, { target, kill: {} }, world.afterTest, async (receipt, fault) => {
      const back = await fault.healed(START_SECONDS);
      measure(`killed-${lock}-ready`, (back.getTime() - receipt.injectedAt.getTime()) / 1000, 's');
      const renewed = await waitUntil(
        'the lock to be renewed or taken after the kill',
        async () => {
          const after = watch.samples.filter(({ at }) => at > receipt.injectedAt.getTime());
          const rise = after.find(({ holder: who, ttlMs }, index) => {
            const earlier = after[index - 1];
            return who !== undefined && (who !== before.name || ttlMs > (earlier?.ttlMs ?? ttlMs) + 1_000);
          });
          return rise?.holder ? { by: rise.holder, at: rise.at } : notYet(after.at(-1));
        },
        { deadlineSeconds: LEASE_SECONDS + 30 },
      );
      const seconds = (renewed.at - receipt.injectedAt.getTime()) / 1000;
      measure(`${renewed.by === before.name ? 'renewed' : 'failover'}-killed-${lock}`, seconds, 's');
      return renewed.by;
    });
    // A process that is back too late has lost it rightly; nobody may take it from one that still has time.
    for (const change of handovers(watch.samples)) {
      expect(change.leftMs, `lease of ${change.from} when ${change.to} took it, ms`).to.be.below(GAP_MS);
    }
    return leads;
  });
}
