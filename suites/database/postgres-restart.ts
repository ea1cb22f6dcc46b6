import { expect } from 'chai';
import { type Disruption, useFaults, withFault } from '../chaos/faults.ts';
import { LOOKED_AT_MS, useRecovery } from '../chaos/recovery.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { eachManager, type OneManager } from '../clients/manager/discovery.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { POOL } from '../fixtures/manager-pool.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** Concurrent writers, half of them at each manager. The load keeps both busy without overload. */
const WRITERS = 6;
/** Timeout of a write, milliseconds. Managers repeat a transaction whose connection broke. */
const WRITE_MS = 60_000;
/** Longest time from the kill until both managers serve again: PostgreSQL replays its log, and managers reconnect. */
const FIRST_SUCCESS_SECONDS = 60;
/** Consecutive requests that must succeed at each manager: more than it may keep broken connections. */
const STEADY = POOL.kept + 4;

const target = { component: 'postgres' };
/** Its processes are killed and restart on the same data, or its pod is replaced at another address. */
const RESTARTS: readonly [string, Disruption][] = [
  ['killed', { target, kill: {} }],
  ['replaced', { target, podDelete: {} }],
];

/** Renames one folder repeatedly. Each answer is a commit, and the name identifies the last one. */
class Writer {
  readonly errors: string[] = [];
  readonly id: string;
  readonly #base: string;
  readonly #manager: BackendAi;
  acknowledged = 0;
  attempted = 0;
  #over = false;
  #running: Promise<void> = Promise.resolve();

  constructor(id: string, base: string, manager: BackendAi) {
    this.id = id;
    this.#base = base;
    this.#manager = manager;
  }

  nameOf(count: number): string {
    return count === 0 ? this.#base : `${this.#base}-${count}`;
  }

  /** Writes until it is stopped or refused. */
  start(): void {
    this.#over = false;
    this.#running = (async () => {
      while (!this.#over) {
        try {
          await this.writeOnce();
        } catch (error) {
          this.errors.push(String(error));
          return;
        }
      }
    })();
  }

  async writeOnce(): Promise<void> {
    this.attempted += 1;
    await this.#manager.folders.rename(this.id, this.nameOf(this.attempted), WRITE_MS);
    this.acknowledged = this.attempted;
  }

  /** Stops it after the current write. */
  stop(): Promise<void> {
    this.#over = true;
    return this.#running;
  }
}

describe('restarting PostgreSQL under load', function () {
  this.timeout(300_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'storage-proxy']);
  const faults = useFaults();
  useRecovery(world, { settledMs: LOOKED_AT_MS });
  let managers: OneManager[];
  before('both managers answer at their own addresses', async () => {
    managers = (await eachManager(world())).each;
  });

  const startedAt = async (): Promise<number> => {
    const [row] = await world().database.rows<{ at: Date }>('SELECT pg_postmaster_start_time() AS at');
    return row?.at.getTime() ?? Number.NaN;
  };
  /** Connections of each manager now. */
  const connections = async (): Promise<Record<string, number>> => {
    const rows = await world().database.rows<{ host: string; count: number }>(
      `SELECT host(client_addr) AS host, count(*)::int AS count FROM pg_stat_activity
        WHERE backend_type = 'client backend' GROUP BY client_addr`,
    );
    return Object.fromEntries(
      managers.map(({ id, host }) => [id, rows.find((row) => row.host === host)?.count ?? 0]),
    );
  };
  /** Sends requests that use the database to a manager until it is stopped. */
  const keepAsking = (manager: OneManager): { answers: number[]; stop: () => Promise<void> } => {
    const answers: number[] = [];
    let over = false;
    const running = (async () => {
      while (!over) {
        await manager.asUser.folders.list(15_000).then(
          () => answers.push(Date.now()),
          () => undefined,
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const stop = (): Promise<void> => {
      over = true;
      return running;
    };
    world().afterTest.add(`requests to ${manager.id}`, stop);
    // Milliseconds since 1970 of each answer.
    return { answers, stop };
  };

  for (const [how, disruption] of RESTARTS) {
    it(`when it is ${how}, restores service within a minute and loses no acknowledged write`, async () => {
      const { afterTest, database } = world();
      const vfolders = new VFolderFixture(world());
      const writers: Writer[] = [];
      for (let index = 0; index < WRITERS; index += 1) {
        const manager = managers[index % managers.length];
        if (!manager) throw new Error('no manager');
        const folder = await vfolders.make(afterTest);
        writers.push(new Writer(folder.id, folder.name, manager.asUser));
      }
      const before = await startedAt();
      afterTest.add('the writers', () => Promise.all(writers.map((writer) => writer.stop())));
      for (const writer of writers) writer.start();
      await waitUntil(
        'every writer to have been acknowledged',
        async () => {
          const counts = writers.map(({ acknowledged }) => acknowledged);
          return counts.every((count) => count >= 3)
            ? undefined
            : notYet({ counts, errors: writers[0]?.errors });
        },
        { deadlineSeconds: 60, everyMs: 20 },
      );
      const askers = managers.map(keepAsking);
      const under = writers.map(({ acknowledged }) => acknowledged);

      await withFault(faults(), disruption, afterTest, async (receipt) => {
        const since = receipt.injectedAt.getTime();
        // Each writer ends with its current write.
        await Promise.all(writers.map((writer) => writer.stop()));
        const restarted = await waitUntil('PostgreSQL to say when it was started', startedAt, {
          deadlineSeconds: FIRST_SUCCESS_SECONDS,
          everyMs: 100,
          tolerate: () => true,
        });
        if (!(restarted > before)) throw new Inconclusive('PostgreSQL reports that it has not restarted');
        const first = await waitUntil(
          'both managers to answer from the database',
          async () => {
            const found = askers.map(({ answers }) => answers.find((at) => at > restarted));
            return found.every((at) => at !== undefined) ? Math.max(...found) : notYet(found);
          },
          { deadlineSeconds: FIRST_SUCCESS_SECONDS, everyMs: 50 },
        );
        measure(`postgres-${how}-started-again`, (restarted - since) / 1000, 's');
        measure(`postgres-${how}-first-success`, (first - since) / 1000, 's');
        expect((first - since) / 1000, 'seconds until both managers serve').to.be.below(
          FIRST_SUCCESS_SECONDS,
        );
      });
      await Promise.all(askers.map(({ stop }) => stop()));
      if (writers.every(({ acknowledged }, index) => acknowledged === under[index])) {
        throw new Inconclusive('no writer was active when the database was killed');
      }
      measure(
        `writes-acknowledged-${how}`,
        writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
        'writes',
      );
      measure(
        `writes-refused-${how}`,
        writers.reduce((sum, { errors }) => sum + errors.length, 0),
        'writes',
      );

      const rows = await database.rows<{ id: string; name: string }>(
        'SELECT id, name FROM vfolders WHERE id = ANY ($1::uuid[])',
        [writers.map(({ id }) => id)],
      );
      for (const writer of writers) {
        const name = rows.find(({ id }) => id.replaceAll('-', '') === writer.id)?.name;
        // The unanswered write may be in the database or not. An older one may not.
        const right = [writer.nameOf(writer.acknowledged), writer.nameOf(writer.attempted)];
        expect(name, `name after ${writer.acknowledged} acknowledged writes`).to.be.oneOf(right);
      }
      for (const { asUser, id } of managers) {
        const listed = await asUser.folders.list();
        for (const row of rows) {
          const reported = listed.find((folder) => folder.id === row.id.replaceAll('-', ''));
          expect(reported?.name, `name at ${id}`).to.equal(row.name);
        }
      }

      // Managers detect idle broken connections one by one. After that no request may fail.
      const steady = await Promise.all(
        managers.map(({ asUser, id }) =>
          waitUntil(
            `${STEADY} answers in a row from ${id}`,
            async () => {
              const since = Date.now();
              for (let count = 0; count < STEADY; count += 1) await asUser.folders.list(15_000);
              return since;
            },
            { deadlineSeconds: FIRST_SUCCESS_SECONDS, everyMs: 50, tolerate: () => true },
          ),
        ),
      );
      expect(steady).to.have.length(managers.length);
      for (const writer of writers) await writer.writeOnce();
    });
  }

  it('leaves the managers with their idle number of connections', async () => {
    const now = await waitUntil(
      'the managers to close what they opened for the load',
      async () => {
        const counts = await connections();
        return Object.values(counts).every((count) => count <= POOL.kept) ? counts : notYet(counts);
      },
      { deadlineSeconds: 90 },
    );
    for (const [id, count] of Object.entries(now)) expect(count, id).to.be.at.least(1);
    const [others] = await world().database.rows<{ open: number }>(
      `SELECT count(*)::int AS open FROM pg_stat_activity
        WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '30 s'`,
    );
    expect(others?.open, 'transactions that stay open').to.equal(0);
  });
});
