import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectMeta } from '@backendai-e2e/api/group';
import { ApiError, isUnreachable } from '@backendai-e2e/kube/api-error';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { STAGING } from './names.ts';

/** What the wait for the operator needs of its Deployment (apps/v1). */
export interface Deployment {
  metadata: ObjectMeta;
  spec: { replicas?: number };
  status?: {
    observedGeneration?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    replicas?: number;
    conditions?: { type: string; status: string; message?: string }[];
  };
}

/** What the wait for the operator needs of its pod. */
export interface OperatorPod {
  metadata: ObjectMeta;
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: {
      name: string;
      restartCount: number;
      state?: { waiting?: { reason?: string; message?: string } };
    }[];
  };
}

/** The operator did not come up. Exit code 2. */
class OperatorDown extends Error {
  override readonly name = 'OperatorDown';
}

/** States of a container that need an action to end. */
const STUCK: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
]);
/** A registry may fail once: a container is reported as stuck after this time. */
const HOPELESS_MS = 30_000;
const LOOK_MS = 500;

/** Whether the operator is up, else why not; `stuck` when waiting does not help. Pure. */
export function operatorState(
  deployment: Deployment | undefined,
  pods: readonly OperatorPod[],
): { up: boolean; stuck: boolean; why: string } {
  if (!deployment) return { up: false, stuck: false, why: 'there is no Deployment' };
  const { status, spec, metadata } = deployment;
  const wanted = spec.replicas ?? 1;
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  if (
    seen &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.availableReplicas ?? 0) >= wanted &&
    status?.replicas === wanted
  ) {
    return { up: true, stuck: false, why: '' };
  }
  const refused = status?.conditions?.find(
    ({ type, status: is }) => type === 'ReplicaFailure' && is === 'True',
  );
  if (refused) return { up: false, stuck: true, why: `its pod is refused: ${refused.message ?? ''}` };
  for (const pod of pods) {
    for (const container of pod.status?.containerStatuses ?? []) {
      const { reason, message } = container.state?.waiting ?? {};
      if (!reason || reason === 'ContainerCreating') continue;
      const why = `pod ${pod.metadata.name}: ${reason}${message ? `: ${message}` : ''}`;
      return { up: false, stuck: STUCK.has(reason), why };
    }
    const unscheduled = pod.status?.conditions?.find(
      ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
    );
    if (unscheduled) {
      return {
        up: false,
        stuck: false,
        why: `pod ${pod.metadata.name}: ${unscheduled.message ?? 'not scheduled'}`,
      };
    }
  }
  return { up: false, stuck: false, why: `${status?.availableReplicas ?? 0} of ${wanted} pods are ready` };
}

/** Waits until the operator of a staging run is up. Throws OperatorDown with what was last seen, or the signal's reason. */
export async function untilOperatorUp(
  client: Pick<RestApi, 'get'>,
  namespace: string,
  options: { signal: AbortSignal; deadlineMs: number; hopelessMs?: number },
): Promise<void> {
  const { signal, hopelessMs = HOPELESS_MS } = options;
  const until = performance.now() + options.deadlineMs;
  let stuckSince: number | undefined;
  let last = 'nothing was seen';
  for (;;) {
    try {
      const state = operatorState(...(await look(client, namespace, signal)));
      if (state.up) return;
      last = state.why;
      stuckSince = state.stuck ? (stuckSince ?? performance.now()) : undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnreachable(error)) throw error;
      last = error.message;
    }
    const hopeless = stuckSince !== undefined && performance.now() - stuckSince > hopelessMs;
    if (hopeless || performance.now() > until) {
      const seconds = Math.round(options.deadlineMs / 1000);
      throw new OperatorDown(
        `the operator did not come up${hopeless ? '' : ` within ${seconds} s`}: ${last}`,
      );
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function look(
  client: Pick<RestApi, 'get'>,
  namespace: string,
  signal: AbortSignal,
): Promise<[Deployment | undefined, OperatorPod[]]> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${STAGING.operator}`;
  const deployment = await client.get<Deployment>(path, {}, signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  });
  const labelSelector = `app.kubernetes.io/name=e2e-operator,app.kubernetes.io/instance=${STAGING.release}`;
  const pods = await client.get<{ items: OperatorPod[] }>(
    corePath(namespace, 'pods'),
    { labelSelector },
    signal,
  );
  return [deployment, pods.items];
}
