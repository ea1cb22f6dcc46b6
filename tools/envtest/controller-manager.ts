import { get } from 'node:https';
import { SERVICE_ACCOUNTS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { Access } from './access.ts';
import { pinnedProgram } from './binaries.ts';
import { NotReadyError } from './not-ready.ts';
import type { ProcessGroup } from './process-group.ts';
import { controllerManagerArguments } from './program-arguments.ts';
import { until } from './until.ts';

/**
 * Starts kube-controller-manager beside the API server at that URL, as its administrator, and waits until it works. Rejects with
 * the end of its log when it does not.
 */
export async function startControllerManager(group: ProcessGroup, url: string, admin: Access): Promise<void> {
  // It gives up when the API server is not healthy within 10 s of its own start (WaitForAPIServer in controller-manager/app).
  await until('the API server is healthy', () => isHealthy(url, admin));
  const arguments_ = controllerManagerArguments(admin.kubeconfigPath);
  const program = await group.start(
    'kube-controller-manager',
    pinnedProgram('kube-controller-manager'),
    arguments_,
  );
  const client = new KubeClient(admin.kubeConfig);
  try {
    // Nothing else makes this one.
    const account = { namespace: 'default', name: 'default' };
    await until('the controller manager has made a service account', async () => {
      return program.ended !== undefined || (await client.get(SERVICE_ACCOUNTS, account)) !== undefined;
    });
  } catch (cause) {
    throw new NotReadyError(String(cause), [program], cause);
  } finally {
    await client.close();
  }
  if (program.ended)
    throw new NotReadyError(`${program.name} ended by itself (${program.ended}).`, [program]);
}

/** Whether an API server has started all that it consists of, its roles among it. */
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
