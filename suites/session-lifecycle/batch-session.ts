import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { SessionRow } from '../clients/data-stores/database.ts';
import { END_SECONDS, START_SECONDS, statesInOrder, waitForEnd } from '../clients/manager/session-watch.ts';
import type { NewSession } from '../clients/manager/sessions.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/** Longest time from the request until a batch session with a short command has ended. */
const WHOLE_SECONDS = START_SECONDS + END_SECONDS;

/**
 * Precedes every command. In 26.9.6 the end of a command of less than about 100 ms may be lost. Its session then never ends. A
 * separate test (known-races.ts) covers that.
 */
const PAUSE = 'sleep 2;';

describe('a batch session', function () {
  this.timeout((WHOLE_SECONDS + 30) * 1000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  const enqueue = async (startupCommand: string, more: Partial<NewSession> = {}): Promise<string> => {
    const wanted = world().smallSession({ type: 'batch', startupCommand, ...more });
    return (await world().enqueue(wanted, world().afterTest)).sessionId;
  };
  const ended = (id: string): Promise<SessionRow> =>
    waitForEnd(world().database, id, ['TERMINATED'], WHOLE_SECONDS);

  it('runs its command, ends with SUCCESS without a request, and keeps the output', async () => {
    const { user, database } = world();
    const nonce = randomBytes(8).toString('hex');
    const id = await enqueue(
      `${PAUSE} python3 -c 'import hashlib; print(hashlib.sha256(b"${nonce}").hexdigest())'`,
    );
    const row = await ended(id);
    expect(row).to.include({ result: 'SUCCESS', status_info: 'task-finished' });
    const states = statesInOrder(row.status_history ?? {});
    expect(states.slice(-3)).to.deep.equal(['RUNNING', 'TERMINATING', 'TERMINATED']);
    expect(await user.sessions.logs(id)).to.include(createHash('sha256').update(nonce).digest('hex'));
    expect((await database.allocations(id)).every((allocation) => allocation.freed)).to.equal(true);
    await world().containersGone(id);
  });

  it('ends with FAILURE when its command exits with an error', async () => {
    const id = await enqueue(`${PAUSE} python3 -c 'import sys; print(6 * 7); sys.exit(5)'`);
    expect(await ended(id)).to.include({ result: 'FAILURE', status_info: 'task-failed' });
    expect(await world().user.sessions.logs(id)).to.include('42');
    await world().containersGone(id);
  });

  it('waits for the session that it depends on, and starts when that one has succeeded', async function () {
    this.timeout((2 * WHOLE_SECONDS + 30) * 1000);
    const { database } = world();
    const first = await enqueue('sleep 5');
    const second = await enqueue(`${PAUSE} true`, { dependencies: [first] });
    const seen = await waitUntil(
      'the first session to end',
      async () => {
        const [before, after] = await Promise.all([database.session(first), database.session(second)]);
        if (before?.status === 'TERMINATED') return before;
        expect(after?.status, `the second while the first is ${before?.status}`).to.equal('PENDING');
        return notYet(before?.status);
      },
      { deadlineSeconds: WHOLE_SECONDS },
    );
    expect(seen.result).to.equal('SUCCESS');
    const firstEnd = seen.status_history?.TERMINATED ?? '';
    const secondStart = (await ended(second)).status_history?.SCHEDULED ?? '';
    expect(Date.parse(secondStart)).to.be.above(Date.parse(firstEnd));
  });

  it('never starts when the session that it depends on has failed, and the scheduler gives the reason', async () => {
    const { database, user } = world();
    const first = await enqueue(`${PAUSE} false`);
    const second = await enqueue(`${PAUSE} true`, { dependencies: [first] });
    expect((await ended(first)).result).to.equal('FAILURE');
    // What the scheduler said while the first session ran does not count.
    const seen = (await database.schedulingSteps(second)).at(-1);
    const reported = await waitUntil(
      'the scheduler to look again at the second session, which depends on the failed one',
      async () => {
        const steps = await database.schedulingSteps(second);
        const last = steps.at(-1);
        const same = last?.attempts === seen?.attempts && last?.message === seen?.message;
        return !last || same ? notYet(steps) : last;
      },
      { deadlineSeconds: 70 },
    );
    expect(reported.message, 'what the scheduler says').to.match(/depend/i);
    expect(reported.result).not.to.equal('SUCCESS');
    expect((await user.sessions.get(second)).status).to.equal('PENDING');
  });
});
