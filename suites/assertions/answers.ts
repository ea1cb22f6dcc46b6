import { expect } from 'chai';
import { BackendApiError } from '../clients/http/api.ts';
import { RECONNECT_SECONDS } from '../clients/manager/agents.ts';
import { eachManager, type OneManager } from '../clients/manager/discovery.ts';
import { measure } from '../evidence/record.ts';
import { waitUntil } from '../evidence/waiting.ts';
import type { RunningSession, World } from '../fixtures/world.ts';
import { runCode } from './execution.ts';

/**
 * Runs code in the session through each manager. Each manager has its own connection to every agent, and may still
 * consider the connection to a returned agent broken. A session ended by force through such a manager stays on the agent.
 */
export async function expectAnswer(world: World, session: RunningSession): Promise<void> {
  const since = performance.now();
  const { each } = await eachManager(world);
  for (const manager of each) await expectAnswerBy(manager, session);
  measure('answer-after', (performance.now() - since) / 1000, 's');
}

async function expectAnswerBy({ id, asUser }: OneManager, session: RunningSession): Promise<void> {
  const run = await waitUntil(
    `an answer of session ${session.name} by way of ${id}`,
    () => runCode(asUser.sessions, session.id, { mode: 'query', code: 'print(6 * 7)' }),
    {
      deadlineSeconds: RECONNECT_SECONDS,
      tolerate: (error) => error instanceof BackendApiError && error.errorCode === 'agent_access_unavailable',
    },
  );
  expect(run.stdout.trim(), `answer of session ${session.name} by way of ${id}`).to.equal('42');
}
