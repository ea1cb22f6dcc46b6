import { expect } from 'chai';
import { Blocker } from '../chaos/blocker.ts';
import { useWorld } from '../fixtures/world.ts';

/** Number of conflicting writes. The manager tries ten times. */
const ROUNDS = 12;

/** What is right, and what Backend.AI 26.9.6 does wrong. These tests fail until Backend.AI is fixed. */
describe('known issues of transactions', () => {
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent']);

  // create_from_params (ai.backend.manager.services.session.service) commits the session, then writes
  // images.last_used_at in a separate transaction. PostgreSQL may refuse that ten times ("could not serialize access due to
  // concurrent update"). The client then gets a 500 for a session that exists. This happens to some of fifty requests. Here
  // the suite is the other writer.
  it('a session request succeeds while another transaction uses its image', async function () {
    this.timeout(60_000);
    const { afterTest, connection, database, user } = world();
    const name = world().name('image');
    afterTest.add(`session ${name}`, async () => {
      const rows = await database.rows<{ id: string }>('SELECT id FROM sessions WHERE name = $1', [name]);
      for (const row of rows) await world().endSession(row.id);
    });
    const open = async (): Promise<Blocker> => {
      const blocker = await Blocker.open(connection.postgres);
      afterTest.add('a transaction of the suite', () => blocker.rollback());
      return blocker;
    };
    let blocker = await open();
    await blocker.touchImage(connection.registry.kernelImage);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const answer = user.sessions
      .create(world().smallSession({ name, type: 'batch', startupCommand: 'true', starts_at: later }))
      .then(
        (created) => created.status,
        (error: unknown) => String(error),
      );
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    for (let round = 0; round < ROUNDS && !answered; round += 1) {
      await Promise.race([blocker.waiter().catch(() => undefined), answer]);
      const next = await open();
      const touched = next.touchImage(connection.registry.kernelImage);
      await blocker.commit();
      await touched;
      blocker = next;
    }
    await blocker.rollback();
    expect(await database.traces(name), 'rows of the session').to.deep.equal({ sessions: 1, kernels: 1 });
    expect(await answer, `the session request was answered: ${await answer}`).to.equal('PENDING');
  });
});
