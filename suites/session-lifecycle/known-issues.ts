import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { expectRefusal } from '../assertions/refusal.ts';
import { START_SECONDS } from '../clients/manager/session-watch.ts';
import type { ExecutionResult, Sessions } from '../clients/manager/sessions.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { type RunningSession, useWorld } from '../fixtures/world.ts';

/**
 * What is right, and what Backend.AI 26.9.6 does wrong. Each test names the place in its sources. These tests fail
 * until Backend.AI is fixed: suites/known-issues lists them.
 */
describe('known issues of sessions', () => {
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  describe('POST /session accepts any name', () => {
    // SessionName in ai.backend.common.validators: 4 to 64 letters, digits, dots, dashes, underscores. The request
    // model CreateFromParamsRequest (ai.backend.common.dto.manager.session.request) declares only "str".
    for (const [what, name] of [
      ['too short', 'abc'],
      ['too long', 'n'.repeat(65)],
      ['with a blank', 'two words'],
      ['with a slash', 'one/two'],
      ['that begins with a dash', '-dashed'],
    ] as const) {
      it(`a name ${what} is refused`, async () => {
        const { user, database, afterTest } = world();
        const request = user.sessions.create(world().smallSession({ name })).then((created) => {
          afterTest.add(`session ${created.sessionId}`, () => world().endSession(created.sessionId));
          return created;
        });
        await expectRefusal(request, { status: 400, kind: 'invalid-api-params', msg: /name/i });
        expect(await database.traces(name)).to.deep.equal({ sessions: 0, kernels: 0 });
      });
    }
  });

  describe('the execution API', () => {
    let session: RunningSession;
    before('a session runs', async function () {
      this.timeout((START_SECONDS + 10) * 1000);
      session = await world().startSession(world().afterSuite);
    });

    // InvalidSessionData (ai.backend.manager.errors.kernel) is an HTTPInternalServerError, although it is a client
    // error.
    it('refuses an unknown mode as a client error', async () => {
      const json = { mode: 'guess', run_id: 'x', code: '1' };
      const request = world().user.api.request({ method: 'POST', path: `/session/${session.id}`, json });
      await expectRefusal(request, { status: 400, kind: 'invalid-session-data', msg: 'guess' });
    });
    it('refuses to continue a missing run as a client error', async () => {
      const json = { mode: 'continue', code: '' };
      const request = world().user.api.request({ method: 'POST', path: `/session/${session.id}`, json });
      await expectRefusal(request, { status: 400, kind: 'invalid-session-data', msg: 'run ID' });
    });

    // Nothing in ai.backend.manager increments sessions.num_queries.
    it('counts the queries of a session', async () => {
      const { user, database } = world();
      for (const code of ['1', '2']) await runCode(user.sessions, session.id, { mode: 'query', code });
      expect((await user.sessions.get(session.id)).numQueriesExecuted).to.equal(2);
      expect(Number((await database.session(session.id))?.num_queries)).to.equal(2);
    });

    // CodeRunner.next_output_queue (ai.backend.agent.kernel) drops output from "clean-finished" or "build-finished" until
    // the client's next request. By then, feed_batch has started the next step. The client here continues only after
    // the program is done; a quicker client loses output sometimes. The run never ends and keeps the session busy, so this
    // test is the last one.
    it('keeps the output of a batch program until the client asks for it', async () => {
      const { sessions } = world().user;
      await sessions.upload(session.id, { 'main.py': 'print("quick")\nopen("done", "w").close()\n' });
      const first = { mode: 'batch', options: { clean: '', build: '', exec: '*' } } as const;
      const onAnswer = async ({ status }: ExecutionResult) => {
        if (status === 'clean-finished') await programDone(sessions, session.id);
      };
      const done = await runCode(sessions, session.id, first, { deadlineSeconds: 10, onAnswer });
      expect(done).to.include({ exitCode: 0, stdout: 'quick\n' });
    });
  });

  // get_session_info (ai.backend.manager.services.session.service) shows the requested slots of a waiting session as
  // occupied.
  it('a waiting session occupies nothing', async () => {
    const { user, database, afterTest } = world();
    const { sessionId } = await world().enqueue(world().endlessWait(), afterTest);
    expect((await database.allocations(sessionId)).map((row) => row.used)).to.deep.equal([null, null]);
    expect((await user.sessions.get(sessionId)).occupiedSlots).not.to.include('100000');
  });
});

/** Waits until the program has written its file, and another second until its output has reached the agent. */
async function programDone(sessions: Sessions, session: string): Promise<void> {
  const look = async () => {
    const files = await sessions.files(session);
    return files.some((file) => file.filename === 'done') ? true : notYet(files.map((file) => file.filename));
  };
  await waitUntil('the program to be done', look, { deadlineSeconds: 30, everyMs: 200 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
