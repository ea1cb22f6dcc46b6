import { LEADER_LOCKS } from '@backendai-e2e/api/fault';
import { expect } from 'chai';
import { UNANSWERED_MS, VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';
import { type FaultInjector, type Receipt, withFault } from './faults.ts';
import { handovers, LockWatch, longestGap } from './lock-watch.ts';

/**
 * Leader election of Backend.AI 26.9 (ai.backend.common.leader): the lock expires after 30 s. Its holder renews it and the
 * others try to take it every 10 s. A stopping process releases it after it has stopped its own tasks.
 */
export const LEASE_SECONDS = 30;
/** A follower tries to take the lock at this interval. */
export const TRY_SECONDS = 10;
/** A try asks Valkey three times (`valkey_leader`), waits 1 s for each answer and 0.1 s after it. */
const FAILED_TRY_SECONDS = 3.3;
/** Tries in a row that fail until a leader gives up (`failure_threshold`). */
const FAILED_TRIES = 3;
/** Longest time from the deletion until the lock is released. */
export const RELEASED_SECONDS = 10;
/** Time until a lock is lost that the leader cannot release: the rest of the lease, renewed every 10 s. */
export const LOCK_LOST_SECONDS = { least: 17, most: 30 };
/** Seconds that a process may be late in an election, on a node with a pace of 1; see MachinePace. */
export const LOCK_LATE_SECONDS = 2;
/** Time until a new process of a component may lead, on two busy cores. */
export const LEADER_START_SECONDS = 120;
/** Longest accepted gap between two samples of the lock. Events in a gap are not observed. */
export const GAP_MS = 2_000;

/** A leader lock that suites observe. */
export type Lock = keyof typeof LEADER_LOCKS;

/** Target of a fault that hits the current holder of a lock. */
export function leaderOf(lock: Lock): { component: string; leader: Lock } {
  return { component: LEADER_LOCKS[lock].component, leader: lock };
}

/**
 * Watches a lock while the body runs, and expects that no lease is ever longer than allowed.
 * Throws {@link Inconclusive} when there is a gap longer than {@link GAP_MS} between samples.
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
      throw new Inconclusive(`the lock was not observed for ${longestGap(watch.samples)} ms`);
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

/**
 * Longest time until a follower takes a free lock, seconds: one interval. A process that needs a second to answer may also
 * miss the answers of Valkey. Its try fails then, and the next one follows after another interval.
 * @param slowestMs the slowest answer of the follower meanwhile
 */
export function longestTry(slowestMs: number): number {
  const missed = slowestMs >= UNANSWERED_MS ? FAILED_TRY_SECONDS + TRY_SECONDS : 0;
  return TRY_SECONDS + missed + slowestMs / 1000;
}

/**
 * Longest time until a process notices that it lost the lock, seconds: one interval. A process that misses the answers of Valkey
 * remains the leader until its third failed try.
 * @param slowestMs its slowest answer meanwhile
 */
export function longestUnaware(slowestMs: number): number {
  const missed = slowestMs >= UNANSWERED_MS ? (FAILED_TRIES - 1) * (FAILED_TRY_SECONDS + TRY_SECONDS) : 0;
  return TRY_SECONDS + missed + slowestMs / 1000;
}

/** Waits for a holder of the lock that satisfies `is`. `at`: time of the sample, milliseconds since 1970. */
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

/** Time of the first sample after the fault without the old holder, milliseconds since 1970. */
export function releasedAt(watch: LockWatch, receipt: Receipt, before: string): number {
  const since = receipt.injectedAt.getTime();
  return watch.samples.find(({ at, holder: who }) => at > since && who !== before)?.at ?? Number.NaN;
}

/**
 * Kills the leader's process once. It must lead again, or another process when it restarts too late.
 * @returns the leader afterwards, as the lock shows it
 */
export function killed(world: World, faults: FaultInjector, lock: Lock): Promise<string> {
  return watched(world, lock, async (watch) => {
    const before = await holder(watch, 'a leader', LEASE_SECONDS + 10);
    const target = leaderOf(lock);
    const leads = await withFault(faults, { target, kill: {} }, world.afterTest, async (receipt, fault) => {
      const back = await fault.healed(LEADER_START_SECONDS);
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
    // A process that restarts too late has lost the lock. No process may take it before the lease expires.
    for (const change of handovers(watch.samples)) {
      expect(change.leftMs, `lease of ${change.from} when ${change.to} took it, ms`).to.be.below(GAP_MS);
    }
    return leads;
  });
}
