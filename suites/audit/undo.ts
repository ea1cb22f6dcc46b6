import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import { DeploymentChange as Schema } from '@backendai-e2e/api/schemas/test-report';
import type { DeploymentChange } from '@backendai-e2e/api/test-report';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { changeInWords, undoChange } from '../fixtures/noted-changes.ts';
import { useWorld } from '../fixtures/world.ts';

/** The changes of the environment variable. Throws an Error when it holds no such list. */
function changesOf(text: string | undefined): DeploymentChange[] {
  const changes: unknown = JSON.parse(text ?? '[]');
  if (!Value.Check(Type.Array(Schema), changes)) {
    throw new Error(`${RUNNER_ENV.changes} is not a list of changes: ${text}`);
  }
  return changes;
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
