import type { Static } from 'typebox';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-environment.ts';

/**
 * Conditions of a TestEnvironment. Ready is the summary: Deployed and Healthy. Drifted is True when workloads are not what
 * Helm installed; it takes nothing from Ready.
 */
export const ENVIRONMENT_CONDITIONS = {
  deployed: 'Deployed',
  healthy: 'Healthy',
  ready: 'Ready',
  drifted: 'Drifted',
} as const;

/** Reasons of those conditions. */
export const ENVIRONMENT_REASONS = {
  /** Deployed and Ready, unknown: helm is at work. */
  deploying: 'Deploying',
  /** Deployed. */
  installed: 'Installed',
  external: 'External',
  helmFailed: 'HelmFailed',
  chartNotFound: 'ChartNotFound',
  /** Deployed: the operator is confined to certain namespaces and deploys nothing. */
  deploymentForbidden: 'DeploymentForbidden',
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
  /** Ready: it was not ready within readyTimeoutSeconds of helm's start. */
  deployTimedOut: 'DeployTimedOut',
  /** Ready: it has to go and something holds it. */
  deleting: 'Deleting',
} as const;

export type TestEnvironmentSpec = Static<typeof schemas.TestEnvironmentSpec>;
export type ComponentStatus = Static<typeof schemas.ComponentStatus>;
export type TestEnvironmentStatus = Static<typeof schemas.TestEnvironmentStatus>;
export type TestEnvironment = CustomResource<'TestEnvironment', TestEnvironmentSpec, TestEnvironmentStatus>;

/** Annotation on each workload of the chart: how many ready pods it is meant to have. */
export const DESIRED_REPLICAS_ANNOTATION = 'e2e.backend.ai/desired-replicas';

/** Secret that charts/backend-ai makes in the deployment's namespace; key connection.json holds a Connection. */
export const CONNECTION_SECRET = 'backend-ai-connection';

export const CONNECTION_KEY = 'connection.json';
