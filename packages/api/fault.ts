import type { Static } from 'typebox';
import { FAULT_ACTIONS, type FaultAction } from './constants/fault.ts';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/fault.ts';

export { FAULT_ACTIONS, type FaultAction, LEADER_LOCKS } from './constants/fault.ts';

/**
 * Conditions of a Fault. Injected: the effect was carried out. InForce: a probe saw it. Healed: it was undone.
 * SeenHealed: a probe saw that. Accepted is False, for ever, when the cluster or the environment cannot do it.
 */
export const FAULT_CONDITIONS = {
  accepted: 'Accepted',
  injected: 'Injected',
  inForce: 'InForce',
  healed: 'Healed',
  seenHealed: 'SeenHealed',
} as const;

/** Reasons of these conditions. */
export const FAULT_REASONS = {
  accepted: 'Accepted',
  /** Accepted=False: */
  environmentNotFound: 'EnvironmentNotFound',
  disruptionForbidden: 'DisruptionForbidden',
  /** The suite that asks runs in another environment, has ended, or is not disruptive. */
  notYours: 'NotYours',
  noTargets: 'NoTargets',
  leaderUnknown: 'LeaderUnknown',
  processesNotShared: 'ProcessesNotShared',
  notRunning: 'NotRunning',
  noFaultImage: 'NoFaultImage',
  /** The cluster or a kernel refused to carry it out. */
  unsupported: 'Unsupported',
  /** Injected and InForce: */
  carriedOut: 'CarriedOut',
  carryingOut: 'CarryingOut',
  seen: 'Seen',
  notSeen: 'NotSeen',
  nothingDone: 'NothingDone',
  /** Healed and SeenHealed: */
  undone: 'Undone',
  lasting: 'Lasting',
  healing: 'Healing',
} as const;

/** The one action that the spec gives. Throws for a spec that the API server would have refused. */
export function actionOf(spec: FaultSpec): FaultAction {
  const action = FAULT_ACTIONS.find((name) => spec[name] !== undefined);
  if (!action) throw new Error(`a Fault needs one of ${FAULT_ACTIONS.join(', ')}`);
  return action;
}

/**
 * Whether the value of a lock names the pod. Backend.AI 26.9 writes "<service>-<host name>-<process index>", and a pod's
 * host name is its name.
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
export type Fault = CustomResource<'Fault', FaultSpec, FaultStatus>;
