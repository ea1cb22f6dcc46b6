/** Names of what one job makes on a machine: one cluster, one operator, one environment. */
export const NAMES = {
  cluster: 'backendai-e2e',
  /** Namespace of the operator, its custom resources and the suites' Jobs. */
  operatorNamespace: 'backendai-e2e',
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
