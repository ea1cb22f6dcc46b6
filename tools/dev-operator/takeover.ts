import { setTimeout as delay } from 'node:timers/promises';
import { OPERATOR_NAME, OPERATOR_PODS } from '@backendai-e2e/api/group';
import { DEPLOYMENTS, type Deployment, PODS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { NotTheOperator } from './local-arguments.ts';

/** On the Deployment while its pods are away: the replicas to restore, also after a session that was killed. */
const REPLICAS_ANNOTATION = 'e2e.backend.ai/replicas-before-dev';
/** The pods' terminationGracePeriodSeconds is 40. */
const PODS_GONE_MS = 90_000;
const LOOK_MS = 500;

/** The operator in the cluster, while this machine does its work. */
export interface Takeover {
  deployment: Deployment;
  /** Gives the work back: scales the Deployment to what it was. */
  restore(signal: AbortSignal): Promise<void>;
}

/** The pods of the operator in the cluster do not end. */
class PodsStay extends Error {
  override readonly name = 'PodsStay';
  readonly remedy = 'Look at the pods of the operator with kubectl describe.';
}

/** Finds the operator's Deployment. Throws NotTheOperator where there is none. */
export async function findDeployment(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<Deployment> {
  const found = await client.get(DEPLOYMENTS, { namespace, name: OPERATOR_NAME }, { signal });
  if (!found) throw new NotTheOperator(`there is no Deployment ${namespace}/${OPERATOR_NAME}`);
  return found;
}

/**
 * Scales the operator in the cluster to zero and waits until its pods are gone. Otherwise, two operators would write the same
 * objects. Throws PodsStay, after it restored the Deployment.
 */
export async function takeOver(
  client: KubeClient,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Takeover> {
  const { namespace = '' } = deployment.metadata;
  const at = { namespace, name: OPERATOR_NAME };
  const noted = deployment.metadata.annotations?.[REPLICAS_ANNOTATION];
  const replicas = noted === undefined ? (deployment.spec?.replicas ?? 1) : Number(noted);
  const restore = async (ending: AbortSignal): Promise<void> => {
    const annotations = { [REPLICAS_ANNOTATION]: null };
    await client.mergePatch(
      DEPLOYMENTS,
      at,
      { metadata: { annotations }, spec: { replicas } },
      { signal: ending },
    );
  };
  const annotations = { [REPLICAS_ANNOTATION]: String(replicas) };
  await client.mergePatch(DEPLOYMENTS, at, { metadata: { annotations }, spec: { replicas: 0 } }, { signal });
  try {
    await untilNoPods(client, namespace, signal);
  } catch (error) {
    await restore(AbortSignal.timeout(PODS_GONE_MS));
    throw error;
  }
  return { deployment, restore };
}

async function untilNoPods(client: KubeClient, namespace: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PODS_GONE_MS;
  for (;;) {
    const { items } = await client.list(PODS, { namespace, labelSelector: OPERATOR_PODS }, { signal });
    if (items.length === 0) return;
    if (performance.now() > deadline) {
      const names = items.map(({ metadata }) => metadata.name).join(', ');
      throw new PodsStay(`pods of the operator did not end within ${PODS_GONE_MS / 1000} s: ${names}`);
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}
