import { get } from 'node:https';
import { SERVICE_ACCOUNTS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import { requiredTool } from '../processes/pinned-tools.ts';
import type { ProcessGroup } from '../processes/process-group.ts';
import { until } from '../waits/until.ts';
import type { Access } from './access.ts';
import { NotReadyError } from './not-ready-error.ts';
import { controllerManagerArguments } from './program-arguments.ts';

/**
 * Starts kube-controller-manager for the API server at this URL, with the rights of the administrator. Resolves when it works.
 * Rejects with the end of its log.
 */
export async function startControllerManager(group: ProcessGroup, url: string, admin: Access): Promise<void> {
  // It gives up when the API server is not healthy within 10 s of its own start (WaitForAPIServer in controller-manager/app).
  await until('the API server is healthy', () => isHealthy(url, admin));
  const arguments_ = controllerManagerArguments(admin.kubeconfigPath);
  const program = await group.start(
    'kube-controller-manager',
    requiredTool('kube-controller-manager'),
    arguments_,
  );
  const client = new KubeClient(admin.kubeConfig);
  try {
    // Only the controller manager creates this account.
    const account = { namespace: 'default', name: 'default' };
    await until('the controller manager has made a service account', async () => {
      return program.ended !== undefined || (await client.get(SERVICE_ACCOUNTS, account)) !== undefined;
    });
  } catch (cause) {
    throw new NotReadyError(String(cause), [program], cause);
  } finally {
    await client.close();
  }
  if (program.ended) throw new NotReadyError(`${program.name} ended early (${program.ended}).`, [program]);
}

/** Whether an API server has finished its start, including its default roles. */
function isHealthy(url: string, { token, authority }: Access): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const call = get(`${url}/readyz`, { ca: authority, headers, agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200));
      answer.once('error', reject);
    });
    call.setTimeout(5_000, () => call.destroy(new Error('no answer in 5 s')));
    call.once('error', reject);
  });
}
