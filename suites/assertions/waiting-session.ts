import { expect } from 'chai';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';

/** Longest interval at which the scheduler checks waiting sessions, with some room. */
export const VERDICT_SECONDS = 70;

/** Expects that the scheduler gives the reason why a session of the account waits, and that it holds nothing. */
export async function waitsBecause(
  world: World,
  account: BackendAi,
  id: string,
  reason: RegExp,
): Promise<void> {
  const { database } = world;
  const reported = await waitUntil(
    `the scheduler to say ${reason} of session ${id}`,
    async () => {
      const steps = await database.schedulingSteps(id);
      return (
        steps.find((step) => step.result === 'NEED_RETRY' && reason.test(step.message ?? '')) ?? notYet(steps)
      );
    },
    { deadlineSeconds: VERDICT_SECONDS },
  );
  expect(reported.phase).to.equal('schedule-sessions');
  expect((await account.sessions.get(id)).status).to.equal('PENDING');
  const [kernel, ...more] = await database.kernels(id);
  expect(more).to.deep.equal([]);
  expect(kernel).to.include({ status: 'PENDING', agent: null, container_id: null });
  for (const allocation of await database.allocations(id)) {
    expect(allocation).to.include({ used: null, reserved: 0 });
  }
  await world.containersGone(id, 1);
}
