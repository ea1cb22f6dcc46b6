import { ARTIFACT_SERVICE } from '@backendai-e2e/api/artifact-key';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '@backendai-e2e/api/group';

/** Where a staging run happens. */
export interface StagingNamespaces {
  /** Namespace of Backend.AI. Nothing is created there. */
  deployment: string;
  /** Namespace of the operator, its objects and the suites' Jobs: everything is created there. */
  test: string;
}

/** Names of what a staging run creates in its namespace. */
export const STAGING = {
  /** Default of StagingNamespaces.test. */
  testNamespace: OPERATOR_NAMESPACE,
  release: 'e2e-operator',
  environment: 'staging',
  /** Secret with connection.json that the suites get. */
  connectionSecret: 'staging-connection',
  /** Lease and ServiceAccount of the operator. */
  operator: OPERATOR_NAME,
  /** Service of the artifact server with its port, as the API server's proxy names it. */
  artifactService: ARTIFACT_SERVICE,
  /** Everything that is written, relative to the checkout. */
  out: 'out/staging',
  chart: 'charts/e2e-operator',
  crds: 'charts/e2e-operator/files/crds',
} as const;

/** Label of what the command itself creates, including the Secret of its Helm release: it removes nothing else. */
export const MADE_BY = { label: 'e2e.backend.ai/made-by', value: 'staging' } as const;
/** On a TestRun: the namespace of the deployment, for "attach". */
export const DEPLOYMENT_ANNOTATION = 'e2e.backend.ai/deployment';
