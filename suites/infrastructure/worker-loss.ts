import { expect } from 'chai';
import { LOCK_LATE_SECONDS } from '../chaos/election.ts';
import { useFaults, withFault } from '../chaos/faults.ts';
import { AppProxy } from '../clients/web/app-proxy.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/** Intervals of heartbeats, and silence after which a worker is LOST: charts/backend-ai/ci/e2e-values.yaml. */
const HEARTBEAT_SECONDS = 5;
const SILENCE_SECONDS = 15;
/** Interval at which the leading coordinator searches for silent workers (leader_election_ctx). */
const CHECK_SECONDS = 15;
/** Time until a new pod of the worker has registered, and the old one is gone, on two busy cores. */
const REPLACED_SECONDS = 120;

interface WorkerRow {
  authority: string;
  status: string;
  nodes: number;
  updated_at: Date;
}

describe('a worker of the app proxy', function () {
  this.timeout(300_000);
  const world = useWorld(['valkey', 'postgres']);
  const faults = useFaults();
  let proxy: AppProxy;

  before('the coordinator knows the worker', async () => {
    proxy = new AppProxy(world().connection);
    world().afterSuite.add('connections to the app proxy', () => proxy.close());
    await worker('ALIVE', ({ status }) => status === 'ALIVE', 60);
  });

  /** Waits until the coordinator's row of the worker is as wanted. */
  function worker(
    what: string,
    is: (row: WorkerRow) => boolean,
    deadlineSeconds: number,
  ): Promise<WorkerRow> {
    return waitUntil(
      `the worker to be ${what} for the coordinator`,
      async () => {
        const sql = 'SELECT authority, status::text, nodes, updated_at FROM workers';
        const [row] = await proxy.database.rows<WorkerRow>(sql);
        return row && is(row) ? row : notYet(row);
      },
      { deadlineSeconds, everyMs: 250 },
    );
  }

  it('continues to send heartbeats to the coordinator', async () => {
    const { updated_at: last } = await worker('known', () => true, 5);
    const late = LOCK_LATE_SECONDS * world().pace.since(0);
    await worker('heard of again', (row) => row.updated_at > last, 2 * HEARTBEAT_SECONDS + late);
  });

  it('is LOST for the coordinator when it cannot reach it, and ALIVE again afterwards', async () => {
    const target = { component: 'appproxy-worker' };
    const from = { component: 'appproxy-coordinator' };
    const silent = { target, networkPartition: { from }, durationSeconds: 120 };
    await withFault(faults(), silent, world().afterTest, async (receipt) => {
      const late = LOCK_LATE_SECONDS * world().pace.since(0);
      await worker('LOST', ({ status }) => status === 'LOST', SILENCE_SECONDS + CHECK_SECONDS + 5 + late);
      measure('worker-lost', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
    });
    await worker('ALIVE again', ({ status }) => status === 'ALIVE', 60);
  });

  it('counts as many nodes as before when its pod is replaced', async () => {
    const target = { component: 'appproxy-worker' };
    const before = await worker('known', () => true, 5);
    await withFault(faults(), { target, podDelete: {} }, world().afterTest, async (_receipt, fault) => {
      await fault.healed(REPLACED_SECONDS);
    });
    // The old process may sign off after the new one has registered.
    const after = await worker(
      `ALIVE with ${before.nodes} nodes`,
      ({ status, nodes }) => status === 'ALIVE' && nodes === before.nodes,
      60,
    );
    expect(after.updated_at).to.be.above(before.updated_at);
  });
});
