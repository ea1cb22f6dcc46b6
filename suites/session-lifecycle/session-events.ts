import { expect } from 'chai';
import { AnswerWatch } from '../chaos/answer-watch.ts';
import { UNANSWERED_MS, VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { eachManager } from '../clients/manager/discovery.ts';
import { type ServerEvent, SessionEvents } from '../clients/manager/server-events.ts';
import { START_SECONDS, statesInOrder, waitForEnd } from '../clients/manager/session-watch.ts';
import type { SessionState } from '../clients/manager/sessions.ts';
import { Inconclusive } from '../evidence/record.ts';
import { type RunningSession, useWorld } from '../fixtures/world.ts';

/** The state that an event reports (SessionEventPropagator in ai.backend.manager.events.hub.propagators.session). */
function stateOf(event: ServerEvent): string {
  const reported = event.name.replace(/^session_/, '').toUpperCase();
  return reported === 'STARTED' ? 'RUNNING' : reported;
}

/** Whether the states are those expected, with one or more of them several times in a row. */
function isRepeated(states: readonly string[], expected: readonly string[]): boolean {
  const once = states.filter((state, index) => state !== states[index - 1]);
  return once.length < states.length && once.join() === expected.join();
}

/** Sessions whose two events follow each other closely. Events that swap now and then swap at least once among them. */
const QUICK = 8;

describe('events of a session', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'agent', 'observer']);
  let session: RunningSession;
  let history: SessionState[];
  /** Events about the session that the owner received from each manager. */
  let reported: { manager: string; events: ServerEvent[] }[];
  let streams: { manager: string; stream: SessionEvents }[];
  let stranger: SessionEvents;
  /** The slowest answer of a manager or Valkey while the events came, milliseconds. */
  let slowestMs: number;

  before('a session lives and ends while its owner and another user listen', async function () {
    this.timeout((START_SECONDS + 90) * 1000);
    const { connection, database, user, afterSuite } = world();
    const listen = async (url: string, account: typeof connection.accounts.user) => {
      const stream = await SessionEvents.open(url, account);
      afterSuite.add('a stream of events', () => stream.close());
      return stream;
    };
    const managers = (await eachManager(world())).each;
    streams = await Promise.all(
      managers.map(async ({ id, host }) => ({
        manager: id,
        stream: await listen(
          `http://${host}:${new URL(connection.manager.url).port}`,
          connection.accounts.user,
        ),
      })),
    );
    stranger = await listen(connection.manager.url, connection.accounts.user2);
    const valkey = world().valkey.db(VALKEY_DB.stream);
    const asks = managers.map(
      ({ asUser }) =>
        () =>
          asUser.api.request({ method: 'GET', path: '/' }),
    );
    const watches = [...asks, () => valkey.ping()].map((ask) => new AnswerWatch(ask).start());
    for (const watch of watches) afterSuite.add('a watch of answers', async () => watch.stop());
    const from = Date.now();
    session = await world().startSession(afterSuite);
    await user.sessions.destroy(session.id);
    const row = await waitForEnd(database, session.id, ['TERMINATED']);
    history = statesInOrder(row.status_history ?? {});
    reported = await Promise.all(
      streams.map(async ({ manager, stream }) => ({
        manager,
        events: await stream.until(session.id, 'session_terminated'),
      })),
    );
    slowestMs = Math.max(...watches.map((watch) => watch.slowest(from, Date.now())));
    for (const watch of watches) watch.stop();
  });

  it('report every state of its database history once and in order at each manager', () => {
    expect(reported).to.have.length.at.least(2);
    expect(history.at(0)).to.equal('PENDING');
    expect(history).to.include('RUNNING');
    expect(history.at(-1)).to.equal('TERMINATED');
    for (const { manager, events } of reported) {
      const states = events.map(stateOf);
      if (slowestMs >= UNANSWERED_MS && isRepeated(states, history)) {
        throw new Inconclusive(
          `an event came twice: it is sent again without an answer of Valkey, and answers took up to ${slowestMs} ms`,
        );
      }
      expect(states, manager).to.deep.equal(history);
    }
  });

  it('name the session and its owner', () => {
    const { accessKey } = world().connection.accounts.user;
    for (const { events } of reported) {
      for (const event of events) {
        expect(event.data).to.include({
          sessionId: session.id,
          sessionName: session.name,
          ownerAccessKey: accessKey,
        });
      }
    }
  });

  it('of sessions that end at once arrive in order at each manager', async () => {
    const { user, afterTest } = world();
    const ids: string[] = [];
    for (let count = 0; count < QUICK; count += 1) {
      const { sessionId } = await world().enqueue(world().endlessWait(), afterTest);
      await user.sessions.destroy(sessionId);
      ids.push(sessionId);
    }
    for (const { manager, stream } of streams) {
      for (const id of ids) {
        const events = await stream.until(id, 'session_cancelled');
        expect(events.map(stateOf), `events of a brief session at ${manager}`).to.deep.equal([
          'PENDING',
          'CANCELLED',
        ]);
      }
    }
  });

  it('are sent to no other user, who does receive events of an own session', async () => {
    const { user2, afterTest } = world();
    const own = await world().enqueue(world().endlessWait(), afterTest, user2);
    await stranger.until(own.sessionId, 'session_pending');
    const heard = new Set(stranger.received.map((event) => event.data.sessionId));
    expect([...heard])
      .to.include(own.sessionId)
      .and.not.to.include(session.id);
    const owners = reported.flatMap(({ events }) => events.map((event) => event.data.sessionId));
    expect(owners).not.to.include(own.sessionId);
  });
});
