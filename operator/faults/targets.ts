import { createHash } from 'node:crypto';
import { actionOf, FAULT_REASONS, type FaultReceipt, type FaultSpec, holds } from '@backendai-e2e/api/fault';
import { PATTERNS } from '@backendai-e2e/api/patterns';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { FaultRefused } from './accept.ts';

/** Label with the component of a pod or workload. */
const COMPONENT_LABEL = 'app.kubernetes.io/component';

const LABEL_VALUE = new RegExp(PATTERNS.labelValue);

/**
 * Selects what belongs to a component; undefined if no label can have this value. The API server refuses a selector with such a
 * value. A Fault that an earlier release stored may name one. Pure.
 */
export function componentSelector(component: string): string | undefined {
  return LABEL_VALUE.test(component) ? `${COMPONENT_LABEL}=${component}` : undefined;
}

/** Whether the pod belongs to the component, has not ended and is not being deleted. */
export function isLive(pod: Pod, component: string): boolean {
  const { labels, deletionTimestamp } = pod.metadata;
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return labels?.[COMPONENT_LABEL] === component && deletionTimestamp === undefined && !ended;
}

/**
 * Chooses the pods, and in each the target container. The same seed and pods give the same choice.
 * `leader` is the value of the lock that the target names. Throws FaultRefused.
 */
export function chooseTargets(
  spec: FaultSpec,
  pods: readonly Pod[],
  leader: string | undefined,
): FaultReceipt[] {
  const { component, pod: name, count } = spec.target;
  const live = pods.filter((pod) => isLive(pod, component));
  const matching = live.filter(
    ({ metadata }) =>
      (name === undefined || metadata.name === name) &&
      (spec.target.leader === undefined || holds(leader, metadata.name)),
  );
  if (matching.length === 0) throw new FaultRefused(nothing(spec, live, leader));
  if (count !== undefined && matching.length < count) {
    const message = `the fault asks for ${count} pods of component ${component}, but only ${matching.length} match`;
    throw new FaultRefused({ reason: FAULT_REASONS.noTargets, message });
  }
  const order = (pod: Pod) =>
    createHash('sha256')
      .update(`${spec.seed ?? 0}/${pod.metadata.name}`)
      .digest('hex');
  return [...matching]
    .sort((a, b) => order(a).localeCompare(order(b)))
    .slice(0, count)
    .map((pod) => receiptFor(spec, pod));
}

function nothing(spec: FaultSpec, live: readonly Pod[], leader: string | undefined) {
  const { component, pod } = spec.target;
  const there = live.map(({ metadata }) => metadata.name).join(', ') || 'none';
  if (spec.target.leader !== undefined) {
    const message = `the lock is held by ${JSON.stringify(leader)}, which is no pod of component ${component} (there are: ${there})`;
    return { reason: FAULT_REASONS.leaderUnknown, message };
  }
  const what = pod === undefined ? `no pod of component ${component}` : `no pod ${pod} of it`;
  return {
    reason: FAULT_REASONS.noTargets,
    message: `${what} is there (component ${component} has: ${there})`,
  };
}

function receiptFor(spec: FaultSpec, pod: Pod): FaultReceipt {
  const { name, uid } = pod.metadata;
  if (!uid) throw new Error(`pod ${name} has no uid: it was not read from the API server`);
  const address = pod.status?.podIP;
  const receipt = { pod: name, uid, ...(address ? { address } : {}) };
  const action = actionOf(spec);
  if (action !== 'pause' && action !== 'kill') return receipt;
  return { ...receipt, ...containerOf(pod, spec[action]?.container) };
}

/** The container whose processes are the target. Throws FaultRefused when signals cannot reach them. */
function containerOf(pod: Pod, wanted: string | undefined): { container: string; containerId: string } {
  const { name } = pod.metadata;
  const container = wanted ?? pod.spec?.containers[0]?.name ?? '';
  if (pod.spec?.shareProcessNamespace !== true && pod.spec?.hostPID !== true) {
    const message = `pod ${name} does not share its process namespace, so its first process cannot be stopped or killed. Set shareProcessNamespace in the pod's template.`;
    throw new FaultRefused({ reason: FAULT_REASONS.processesNotShared, message });
  }
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const status = statuses.find((candidate) => candidate.name === container);
  const containerId = status?.containerID?.replace(/^.*:\/\//, '');
  if (!status?.state?.running || !containerId) {
    const message = `container ${container} of pod ${name} does not run (containers: ${statuses.map((one) => one.name).join(', ')})`;
    throw new FaultRefused({ reason: FAULT_REASONS.notRunning, message });
  }
  return { container, containerId };
}
