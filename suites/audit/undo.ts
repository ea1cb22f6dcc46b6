import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import { changeInWords, changesOf, undoChange } from '../fixtures/noted-changes.ts';
import { useWorld } from '../fixtures/world.ts';

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
