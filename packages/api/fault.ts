import type { Static } from 'typebox';
import { FAULT_ACTIONS, type FaultAction } from './constants/fault.ts';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/fault.ts';

export { FAULT_ACTIONS, type FaultAction, LEADER_LOCKS } from './constants/fault.ts';

/**
 * Conditions of a Fault. Injected: the effect was injected. InForce: a probe observed it. Healed: the effect was undone.
 * SeenHealed: a probe observed that. Accepted stays False if the cluster or the environment cannot or must not inject it.
 */
export const FAULT_CONDITIONS = {
  accepted: 'Accepted',
  injected: 'Injected',
  inForce: 'InForce',
  healed: 'Healed',
  seenHealed: 'SeenHealed',
} as const;

/** Reasons of the conditions. */
export const FAULT_REASONS = {
  accepted: 'Accepted',
  /** Accepted is False: */
  environmentNotFound: 'EnvironmentNotFound',
  disruptionForbidden: 'DisruptionForbidden',
  /** The attempt that requests it runs in another environment, has ended, or is not disruptive. */
  notPermitted: 'NotPermitted',
  noTargets: 'NoTargets',
  leaderUnknown: 'LeaderUnknown',
  processesNotShared: 'ProcessesNotShared',
  notRunning: 'NotRunning',
  noFaultImage: 'NoFaultImage',
  /** The cluster or a kernel refused the effect. */
  unsupported: 'Unsupported',
  /** Injected and InForce: */
  injected: 'Injected',
  injecting: 'Injecting',
  seen: 'Seen',
  notSeen: 'NotSeen',
  notInjected: 'NotInjected',
  /** Healed and SeenHealed: */
  undone: 'Undone',
  inForce: 'InForce',
  healing: 'Healing',
} as const;

/** The action that the spec sets. Throws for a spec that the API server would have refused. */
export function actionOf(spec: FaultSpec): FaultAction {
  const action = FAULT_ACTIONS.find((name) => spec[name] !== undefined);
  if (!action) throw new Error(`the Fault has no action: set one of ${FAULT_ACTIONS.join(', ')}`);
  return action;
}

/**
 * Whether the value of a lock names the pod. Backend.AI 26.9 writes "<service>-<host name>-<process index>", and the host name
 * of a pod is its name.
 */
export function holds(value: string | undefined, pod: string): boolean {
  const holder = value?.replace(/-\d+$/, '');
  return holder === pod || holder?.endsWith(`-${pod}`) === true;
}

export type FaultTarget = Static<typeof schemas.FaultTarget>;
export type FaultSpec = Static<typeof schemas.FaultSpec>;
export type FaultReceipt = Static<typeof schemas.FaultReceipt>;
export type ScaledWorkload = Static<typeof schemas.ScaledWorkload>;
export type FaultStatus = Static<typeof schemas.FaultStatus>;

/** A request to break a component for a time. Its status holds the receipts of what happened. */
export type Fault = CustomResource<'Fault', FaultSpec, FaultStatus>;
