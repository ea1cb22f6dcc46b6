import { OPERATOR_NAMESPACE } from '@backendai-e2e/api/group';

/** Seconds for the run of a job, unless the user gives others. Suites may wait for their time-outs. */
export const JOB_TIMEOUT_SECONDS = 3_600;
/** Environments in which a job runs all suites, where memory allows; a part of them runs in one. */
export const WHOLE_RUN_ENVIRONMENTS = 3;
/** Most environments of a job: more do not fit on two cores (tools/charts/backend-ai/requests.spec.ts). */
export const MOST_ENVIRONMENTS = 5;

/** Names of what the kind pipeline creates on a machine: one cluster, one operator, one environment (see also environmentNames). */
export const NAMES = {
  cluster: 'backendai-e2e',
  /** Namespace of the operator, its custom resources and the suites' Jobs. */
  operatorNamespace: OPERATOR_NAMESPACE,
  operatorRelease: 'e2e-operator',
  operatorChart: 'charts/e2e-operator',
  environment: 'e2e',
  environmentNamespace: 'bai-e2e',
  environmentChart: 'backend-ai',
  /** Values for the environment on a small machine, relative to the checkout. */
  environmentValues: 'charts/backend-ai/ci/e2e-values.yaml',
  /** Everything that a job writes, relative to the checkout. */
  out: 'out/e2e',
} as const;

/** Names and namespaces of `count` environments: e2e in bai-e2e, e2e-2 in bai-e2e-2 and so on. */
export function environmentNames(count: number): { name: string; namespace: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const tail = index === 0 ? '' : `-${index + 1}`;
    return { name: `${NAMES.environment}${tail}`, namespace: `${NAMES.environmentNamespace}${tail}` };
  });
}
