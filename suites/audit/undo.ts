import { RUNNER_ENV, UNDO_ACTIONS } from '@backendai-e2e/api/runner-contract';
import type { DeploymentChange } from '@backendai-e2e/api/test-report';
import { changeInWords, undoChange } from '../fixtures/noted-changes.ts';
import { useWorld } from '../fixtures/world.ts';

/** The changes of the environment variable. Throws an Error when it holds no such list. */
function changesOf(text: string | undefined): DeploymentChange[] {
  const changes: unknown = JSON.parse(text ?? '[]');
  if (Array.isArray(changes) && changes.every(isChange)) return changes;
  throw new Error(`${RUNNER_ENV.changes} is not a list of changes: ${text}`);
}

function isChange(value: unknown): value is DeploymentChange {
  if (typeof value !== 'object' || value === null || !('undo' in value) || !('subject' in value))
    return false;
  return UNDO_ACTIONS.some((action) => action === value.undo) && typeof value.subject === 'string';
}

/** The operator runs this file alone, in a Job, after an attempt ended that had not undone its changes. */
describe('what an ended attempt left changed', () => {
  const world = useWorld([]);

  for (const change of changesOf(process.env[RUNNER_ENV.changes])) {
    it(`is undone: ${changeInWords(change)}`, async function () {
      this.timeout(300_000);
      await undoChange(world(), change);
    });
  }
});
