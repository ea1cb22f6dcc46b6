import { expect } from 'chai';
import { waitForEnd } from '../clients/manager/session-watch.ts';
import { useWorld } from '../fixtures/world.ts';

/** What Backend.AI 26.9.6 sometimes does wrong. The suite runs only when you name it. */
describe('known races of sessions', () => {
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  // execute_batch (ai.backend.agent.agent) loses "finished" as the execution API loses quick output (known-issues.ts).
  // The session then stays RUNNING, and the cleanup stack ends it by force.
  it('batch sessions with a short command end by themselves', async function () {
    this.timeout(200_000);
    const { database, afterTest } = world();
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const wanted = world().smallSession({ type: 'batch', startupCommand: 'true' });
      ids.push((await world().enqueue(wanted, afterTest)).sessionId);
    }
    const ended = await Promise.allSettled(ids.map((id) => waitForEnd(database, id, ['TERMINATED'], 80)));
    expect(ended.map((one) => one.status)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled']);
  });
});
