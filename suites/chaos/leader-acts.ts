import { LEADER_LOCKS } from '@backendai-e2e/api/fault';
import { expect } from 'chai';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { notYet, passes, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';
import { AnswerWatch } from './answer-watch.ts';
import { LOCK_LATE_SECONDS, type Lock, longestUnaware, TRY_SECONDS } from './election.ts';

/** A process is late by its slowest answer, but by no more than three tries of Valkey take. */
const SLOWEST_MS = 4_000;

/** An event that only the leader produces, how often, and the stream with it. Intervals as in Backend.AI 26.9. */
const ACTS: Record<Lock, { stream: string; event: string; everySeconds: number }> = {
  // SchedulerCoordinator in ai.backend.manager.sokovan.scheduler.coordinator.
  scheduler: { stream: 'events', event: 'do_sokovan_process_if_needed', everySeconds: 2 },
  // leader_election_ctx in ai.backend.appproxy.coordinator.server.
  coordinator: { stream: 'events-appproxy', event: 'do_check_unused_port', everySeconds: 10 },
};

/**
 * Takes the lock away for a while, and expects that no process acts as the leader meanwhile. One leader means one process that
 * acts, not only one lock. Afterwards a process leads again. The cleanup stack gives the lock back in any case.
 * @param ask one cheap request to a process that may lead, with a timeout of its own: for each such process
 */
export async function expectActsOnlyWithLock(
  world: World,
  lock: Lock,
  ask: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const { stream, event, everySeconds } = ACTS[lock];
  const events = world.valkey.db(VALKEY_DB.stream);
  const locks = world.valkey.db(VALKEY_DB.streamLock);
  const { key } = LEADER_LOCKS[lock];
  const suite = world.name('holder');

  const newest = async (): Promise<string> =>
    (await events.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
  const actsAfter = async (id: string): Promise<string[]> =>
    (await events.xrange(stream, `(${id}`, '+'))
      .filter(([, fields]) => fields[fields.indexOf('name') + 1] === event)
      .map(([one]) => one);
  const acts = async (what: string, deadlineSeconds: number): Promise<void> => {
    const since = await newest();
    const look = async () => ((await actsAfter(since)).length > 0 ? true : notYet('no event'));
    await waitUntil(`${what}: ${event}`, look, { deadlineSeconds });
  };

  await acts('the leader to act', TRY_SECONDS + 3 * everySeconds);
  const late = LOCK_LATE_SECONDS * world.pace.since(0);
  const quietSeconds = 2 * everySeconds + 6;
  const takenMs = 1_000 * (longestUnaware(SLOWEST_MS) + late + quietSeconds + 30);
  const watches = ask.map((one) => new AnswerWatch(one).start());
  for (const watch of watches) world.afterTest.add('a watch of answers', async () => watch.stop());
  world.afterTest.add(`the lock ${key}`, async () => {
    if ((await locks.get(key)) === suite) await locks.del(key);
  });
  await locks.set(key, suite, 'PX', Math.round(takenMs));
  const from = Date.now();
  await passes(TRY_SECONDS + late);
  const slowest = Math.max(...watches.map((watch) => watch.slowest(from, Date.now())));
  await passes(longestUnaware(Math.min(slowest, SLOWEST_MS)) - TRY_SECONDS);
  const since = await newest();
  await passes(quietSeconds, async () => {
    expect(await actsAfter(since), `${event} while no process holds the leader's lock`).to.deep.equal([]);
  });
  expect(await locks.get(key), 'the holder of the lock meanwhile').to.equal(suite);
  await locks.del(key);
  await acts('a leader to act again', TRY_SECONDS + late + 3 * everySeconds);
}
