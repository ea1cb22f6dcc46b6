import type { Static } from 'typebox';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-environment.ts';

/**
 * Conditions of a TestEnvironment. Ready sums up Deployed and Healthy. Drifted is True if workloads differ from what Helm
 * installed. It does not change Ready.
 */
export const ENVIRONMENT_CONDITIONS = {
  deployed: 'Deployed',
  healthy: 'Healthy',
  ready: 'Ready',
  drifted: 'Drifted',
} as const;

/** Reasons of the conditions, by condition. */
export const ENVIRONMENT_REASONS = {
  /** Deployed and Ready are Unknown: Helm runs. */
  deploying: 'Deploying',
  /** Deployed. */
  installed: 'Installed',
  external: 'External',
  helmFailed: 'HelmFailed',
  chartNotFound: 'ChartNotFound',
  /** Deployed: the operator is restricted to certain namespaces and deploys nothing. */
  deploymentForbidden: 'DeploymentForbidden',
  /** Deployed: the settings of the operator do not allow what the chart asks for with these values. */
  notAllowed: 'NotAllowed',
  namespaceTaken: 'NamespaceTaken',
  namespaceGone: 'NamespaceGone',
  /** Healthy and Ready. */
  allReady: 'AllReady',
  componentsNotReady: 'ComponentsNotReady',
  noComponents: 'NoComponents',
  connectionMissing: 'ConnectionMissing',
  /** Drifted. */
  changedByHand: 'ChangedByHand',
  asInstalled: 'AsInstalled',
  /** Ready: it was not ready within readyTimeoutSeconds after the start of Helm. */
  deployTimedOut: 'DeployTimedOut',
  /** Ready: a Job of the chart, such as the bootstrap, failed for good before everything was ready. */
  jobFailed: 'JobFailed',
  /** Ready: it is being deleted. */
  deleting: 'Deleting',
} as const;

/** Reasons of Ready with which a deployment does not come up unless something changes. */
export const START_FAILURES: readonly string[] = [
  ENVIRONMENT_REASONS.deployTimedOut,
  ENVIRONMENT_REASONS.jobFailed,
];

export type TestEnvironmentSpec = Static<typeof schemas.TestEnvironmentSpec>;
export type ComponentStatus = Static<typeof schemas.ComponentStatus>;
export type TestEnvironmentStatus = Static<typeof schemas.TestEnvironmentStatus>;

/** A deployment of Backend.AI to test. Its status holds the connection and the components. */
export type TestEnvironment = CustomResource<'TestEnvironment', TestEnvironmentSpec, TestEnvironmentStatus>;

/** Annotation on each workload of the chart: the number of pods that must be ready. */
export const DESIRED_REPLICAS_ANNOTATION = 'e2e.backend.ai/desired-replicas';

/** First container of each pod of Backend.AI. Its termination message records what is installed in the image. */
export const RELEASE_RECORD_CONTAINER = 'release-record';

/** Secret that charts/backend-ai creates in the namespace of the deployment. Its key connection.json holds a Connection. */
export const CONNECTION_SECRET = 'backend-ai-connection';

export const CONNECTION_KEY = 'connection.json';
