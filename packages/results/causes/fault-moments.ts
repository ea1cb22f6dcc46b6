import type { Fault } from '@backendai-e2e/api/fault';
import { LABELS } from '@backendai-e2e/api/group';
import type { SceneFault, Window } from './scene.ts';

/** A fault with the moments of its life, ms since 1970. A moment that never came is absent. */
export interface FaultMoments extends SceneFault {
  environment: string;
  seenInForce?: number;
  healed?: number;
  seenHealed?: number;
}

/** The moments of a fault. Pure. */
export function faultMoments({ metadata, spec, status }: Fault): FaultMoments {
  const moments = {
    injected: time(status?.injectedAt),
    seenInForce: time(status?.seenInForceAt),
    healed: time(status?.healedAt),
    seenHealed: time(status?.seenHealedAt),
  };
  return {
    name: metadata.name,
    action: status?.action ?? 'unknown',
    component: spec.target.component,
    environment: spec.environmentRef.name,
    attempt: metadata.labels?.[LABELS.report] ?? '',
    asked: time(metadata.creationTimestamp) ?? time(status?.acceptedAt) ?? 0,
    ...Object.fromEntries(Object.entries(moments).filter(([, at]) => at !== undefined)),
  };
}

/** The faults of an environment that were in force at some time in a window. Pure. */
export function faultsInForce<Moments extends FaultMoments>(
  faults: readonly Moments[],
  environment: string,
  window: Window,
): Moments[] {
  return faults.filter(
    // A fault that was only asked for has no effect yet.
    ({ environment: own, asked, injected = asked, seenHealed = window.to }) =>
      own === environment && injected <= window.to && seenHealed >= window.from,
  );
}

function time(at: string | undefined): number | undefined {
  const value = Date.parse(at ?? '');
  return Number.isNaN(value) ? undefined : value;
}
