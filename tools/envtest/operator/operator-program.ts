import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OperatorOptions } from '@backendai-e2e/operator/options';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Starts the operator as a process, as its image does, with these options, more arguments and flags of Node.js. The process takes
 * the Lease.
 */
export function startOperatorProgram(
  options: OperatorOptions,
  more: readonly string[],
  flags: readonly string[] = [],
): ChildProcess {
  const { kubeconfigPath, namespace, chartsDir, helm, identity } = options;
  const args = [
    ...flags,
    'operator/main.ts',
    `--kubeconfig=${kubeconfigPath}`,
    `--namespace=${namespace}`,
    `--charts-dir=${chartsDir}`,
    `--helm=${helm}`,
    `--environment-role=${identity?.environmentRole}`,
    '--metrics-port=0',
    `--log-level=${process.env.E2E_TEST_LOG || 'fatal'}`,
    ...more,
  ];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}
