import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { waitForEnd } from '../clients/manager/session-watch.ts';
import type { CreatedSession } from '../clients/manager/sessions.ts';
import { useWorld } from '../fixtures/world.ts';

/** Requests for a session with an existing name. The sessions request too many resources, so none has to start. */
describe('requesting an existing session again', () => {
  const world = useWorld(['manager', 'postgres', 'observer']);
  let first: CreatedSession;

  beforeEach('a session exists', async () => {
    first = await world().enqueue(world().endlessWait({ reuseIfExists: true }), world().afterTest);
  });
  const again = () => world().endlessWait({ name: first.sessionName, reuseIfExists: true });

  it('reuseIfExists creates a session that does not exist yet', () => {
    expect(first).to.include({ created: true, status: 'PENDING' });
  });

  it('reuseIfExists returns the same session to repeated and concurrent requests', async () => {
    const { user, database } = world();
    const atOnce = await Promise.all(Array.from({ length: 5 }, () => user.sessions.create(again())));
    const after = await user.sessions.create(again());
    for (const answer of [...atOnce, after]) {
      expect(answer).to.include({ sessionId: first.sessionId, sessionName: first.sessionName });
      expect(answer).to.include({ created: false, status: 'PENDING' });
    }
    expect(await database.traces(first.sessionName)).to.deep.equal({ sessions: 1, kernels: 1 });
  });

  it('without reuseIfExists the request is refused and names the existing session', async () => {
    const { user, database } = world();
    const error = await expectRefusal(user.sessions.create({ ...again(), reuseIfExists: false }), {
      status: 400,
      kind: 'session-already-exists',
    });
    expect(JSON.stringify(error.data)).to.include(first.sessionId);
    expect(await database.traces(first.sessionName)).to.deep.equal({ sessions: 1, kernels: 1 });
  });

  it('another user gets a separate session with the same name', async () => {
    const { user2, database, afterTest } = world();
    const other = await world().enqueue(again(), afterTest, user2);
    expect(other).to.include({ sessionName: first.sessionName, created: true });
    expect(other.sessionId).not.to.equal(first.sessionId);
    expect(await database.traces(first.sessionName)).to.deep.equal({ sessions: 2, kernels: 2 });
  });

  it('a new session is created when the session of that name has ended', async () => {
    const { user, database, afterTest } = world();
    await user.sessions.destroy(first.sessionId);
    await waitForEnd(database, first.sessionId, ['CANCELLED']);
    const next = await world().enqueue(again(), afterTest);
    expect(next).to.include({ sessionName: first.sessionName, created: true });
    expect(next.sessionId).not.to.equal(first.sessionId);
    expect(await database.traces(first.sessionName)).to.deep.equal({ sessions: 2, kernels: 2 });
  });
});
