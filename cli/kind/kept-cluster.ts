import type { KindState } from './kind-pipeline.ts';
import { NAMES } from './names.ts';

/** Hints for a kept cluster. */
export function keptLines(state: Pick<KindState, 'operatorInstalled' | 'tools'>): string[] {
  if (!state.operatorInstalled) return [];
  const kubectl = `KUBECONFIG=${NAMES.out}/kubeconfig ${state.tools?.kubectl ?? 'kubectl'}`;
  return [
    '',
    `The cluster ${NAMES.cluster} is kept. Inspect it:`,
    `  ${kubectl} get testruns,testreports --namespace ${NAMES.operatorNamespace}`,
    `  ${kubectl} get pods --namespace ${NAMES.environmentNamespace}`,
    '  make e2e-kind REUSE=1   runs again on it',
    '  make down               removes it',
  ];
}
