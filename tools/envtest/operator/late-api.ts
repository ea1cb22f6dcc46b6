import { setTimeout as delay } from 'node:timers/promises';
import type { Access } from '../control-plane/access.ts';
import { writeAccess } from '../control-plane/access.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { startFaultInjectingProxy } from '../proxies/fault-injecting-proxy.ts';

/** The environment variable of `./tools/dev test --late-ms`. */
const LATE_MS = 'E2E_LATE_MS';

/** Whether the API server answers operators late in this run of the tests. */
export function isLate(): boolean {
  return Number(process.env[LATE_MS] ?? 0) > 0;
}

/** An operator's way to the API server. */
export interface LateAccess {
  access: Access;
  stop(): Promise<void>;
}

/**
 * The access of an operator whose requests, answers and watch events are late, each by a random time. Half of them are not late
 * at all, so that one overtakes another. In this way, decisions on old data show. Without LATE_MS, it is the given access.
 * @param name name of the kubeconfig, unique in the control plane
 */
export async function lateAccess(
  plane: ControlPlane,
  access: Access,
  name: string,
  random: () => number = Math.random,
): Promise<LateAccess> {
  if (!isLate()) return { access, stop: async () => undefined };
  const mostMs = Number(process.env[LATE_MS]);
  const proxy = await startFaultInjectingProxy(plane);
  proxy.hold = () => (random() < 0.5 ? undefined : delay(random() * mostMs));
  return { access: writeAccess(plane.folder, proxy.url, name, access.token), stop: () => proxy.stop() };
}
