import type { ClusterRecord } from '../cluster-record.ts';
import type { Outage } from './scene.ts';

/**
 * Components without a ready pod when the run was collected, since the last of their pods lost its readiness. A Service has no
 * endpoints then. Pods that ended by themselves do not count. Pure.
 */
export function outagesOf({ pods }: Pick<ClusterRecord, 'pods'>): Outage[] {
  const groups = Map.groupBy(
    pods.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed'),
    ({ namespace, component }) => `${namespace}/${component}`,
  );
  return [...groups.values()].flatMap((group): Outage[] => {
    const [first] = group;
    if (!first || group.some(({ ready }) => ready?.is !== false)) return [];
    const from = Math.max(...group.map(({ ready }) => Date.parse(ready?.since ?? '') || 0));
    return [{ component: first.component, namespace: first.namespace, from }];
  });
}
