import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { renewPinnedLock } from '@backendai-e2e/cli/images/build';
import { ensureEngine } from '@backendai-e2e/cli/machine/engine';

/** `tools/dev lock`: resolves the release of versions.json and writes its lock. */
export function lockCommand(): Promise<number> {
  return withProvision(async (p) => {
    await ensureEngine(p);
    await renewPinnedLock(p);
    return COMMAND_EXIT.passed;
  });
}
