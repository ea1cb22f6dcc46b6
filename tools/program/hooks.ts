import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';

/** Folder with the hooks of this checkout. */
const HOOKS = '.githooks';

/** `tools/dev hooks`: sets core.hooksPath of this checkout, so that Git runs the hooks in .githooks. */
export function hooksCommand(): Promise<number> {
  return withProvision(async (p) => {
    await command(p, 'git', ['config', '--local', 'core.hooksPath', HOOKS], {
      cwd: PROJECT_ROOT,
      remedy: 'Run this command in a Git checkout of the project.',
    });
    p.log(`Git runs the hooks in ${HOOKS} at each commit. git commit --no-verify skips them.`);
    return COMMAND_EXIT.passed;
  });
}
