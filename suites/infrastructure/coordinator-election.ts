import { expect } from 'chai';
import {
  holder,
  killed,
  LEADER_START_SECONDS,
  LEASE_SECONDS,
  LOCK_LATE_SECONDS,
  LOCK_LOST_SECONDS,
  leaderOf,
  RELEASED_SECONDS,
  releasedAt,
  watched,
} from '../chaos/election.ts';
import { useFaults, withFault } from '../chaos/faults.ts';
import { expectActsOnlyWithLock } from '../chaos/leader-acts.ts';
import { handovers } from '../chaos/lock-watch.ts';
import { Api } from '../clients/http/api.ts';
import { measure } from '../evidence/record.ts';
import { rounds } from '../evidence/rounds.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/** Longest wait for one answer of the coordinator. */
const ANSWER_MS = 10_000;
/** Number of repetitions for each way to lose the leader. */
const ROUNDS = rounds(3);

/** There is one coordinator, and it still uses leader election: it or its successor takes a lost lock again. */
describe('leader election of the app proxy coordinator', function () {
  this.timeout(420_000);
  const world = useWorld(['valkey']);
  const faults = useFaults();

  it('does not act as the leader without the lock', async () => {
    const api = new Api(world().connection.appProxy.coordinatorUrl);
    const ask = () => api.request({ method: 'GET', path: '/health/livez', timeoutMs: ANSWER_MS });
    await expectActsOnlyWithLock(world(), 'coordinator', [ask]);
  });

  for (let round = 1; round <= ROUNDS; round++) {
    const of = `round ${round} of ${ROUNDS}`;

    for (const [how, podDelete] of [
      ['is deleted', {}],
      ['is deleted by force', { force: true }],
    ] as const) {
      it(`releases the lock when its pod ${how}, and the successor takes it (${of})`, () =>
        watched(world(), 'coordinator', async (watch) => {
          const before = await holder(watch, 'a leader', LEASE_SECONDS + 10);
          const target = leaderOf('coordinator');
          await withFault(faults(), { target, podDelete }, world().afterTest, async (receipt) => {
            const from = receipt.injectedAt.getTime();
            const what = `a successor of ${before.name}`;
            const next = await holder(watch, what, LEADER_START_SECONDS, (who) => who !== before.name);
            measure('coordinator-failover', (next.at - from) / 1000, 's');
            const released = (releasedAt(watch, receipt, before.name) - from) / 1000;
            measure('coordinator-released', released, 's', RELEASED_SECONDS);
            expect(released, 'seconds until the lock is free').to.be.within(0, RELEASED_SECONDS);
          });
          expect(handovers(watch.samples)).to.have.length(1);
        }));
    }

    for (const [how, disruption] of [
      ['is frozen', { pause: {} }],
      ['cannot reach Valkey', { networkPartition: { from: { component: 'valkey' } } }],
    ] as const) {
      it(`loses the lock with its lease when it ${how}, and gets it back (${of})`, () =>
        watched(world(), 'coordinator', async (watch) => {
          const before = await holder(watch, 'a leader', LEASE_SECONDS + 10);
          const broken = { target: leaderOf('coordinator'), ...disruption, durationSeconds: 60 };
          await withFault(faults(), broken, world().afterTest, async (receipt) => {
            const vacant = await waitUntil(
              'the lease of the coordinator to end',
              async () => {
                const last = watch.samples.at(-1);
                return last && last.holder === undefined ? last : notYet(last);
              },
              { deadlineSeconds: LOCK_LOST_SECONDS.most + 12, everyMs: 50 },
            );
            const seconds = (vacant.at - receipt.injectedAt.getTime()) / 1000;
            const most =
              LOCK_LOST_SECONDS.most + LOCK_LATE_SECONDS * world().pace.since(receipt.injectedAt.getTime());
            measure('coordinator-lease-ended', seconds, 's', most);
            expect(seconds).to.be.within(LOCK_LOST_SECONDS.least, most);
          });
          const again = await holder(watch, 'the coordinator to lead again', LEADER_START_SECONDS);
          expect(again.name).to.equal(before.name);
        }));
    }

    it(`keeps the lock when its process is killed and restarts in time (${of})`, async () => {
      await killed(world(), faults(), 'coordinator');
    });
  }
});
