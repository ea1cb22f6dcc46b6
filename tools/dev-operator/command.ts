import { existsSync } from 'node:fs';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { PROJECT_ROOT, ProvisionError } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { runSession } from './session.ts';

/** What a developer chooses of `./tools/dev operator`. inspect: port of the inspector. */
export interface DevOperatorOptions {
  /** Left out: that of the kept cluster. */
  kubeconfig?: string;
  namespace: string;
  inspect?: number;
  watch: boolean;
  logLevel: string;
}

/**
 * `tools/dev operator`: runs the operator from its sources in place of the one in the kept cluster. Ctrl-C ends it with 0 after
 * the one in the cluster is back.
 */
export function devOperatorCommand(options: DevOperatorOptions): Promise<number> {
  return withProvision(async (p) => {
    const kubeconfig = path.resolve(options.kubeconfig ?? path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig'));
    if (!existsSync(kubeconfig)) {
      throw new ProvisionError(
        `there is no kept cluster: ${kubeconfig} does not exist`,
        'Run ./e2e up first.',
      );
    }
    await runSession(
      {
        ...options,
        kubeconfig,
        folder: path.join(PROJECT_ROOT, 'out/dev'),
        helm: await ensureTool('helm', p),
        kubectl: await ensureTool('kubectl', p),
      },
      p,
    );
    return COMMAND_EXIT.passed;
  });
}
