import { type Condition, type Observation, withCondition } from '@backendai-e2e/api/conditions';
import { ENVIRONMENT_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import {
  type ComponentStatus,
  ENVIRONMENT_CONDITIONS,
  ENVIRONMENT_REASONS,
  type TestEnvironment,
  type TestEnvironmentStatus,
} from '@backendai-e2e/api/test-environment';
import { unready, unreadyInWords } from './components.ts';

/** The observed state of a deployment that helm has installed. */
export interface ObservedDeployment {
  now: Date;
  components: ComponentStatus[];
  /** Names of the Jobs that failed for good. */
  failedJobs?: readonly string[];
  /** Differences from what helm installed, one sentence each; undefined: not known. */
  drift?: readonly string[] | undefined;
  /** Name of the copied connection Secret; undefined until the chart has created its own. */
  connectionSecret: string | undefined;
}

/** A status, and when to reconcile again if nothing changes. */
export interface Observed {
  status: TestEnvironmentStatus;
  requeueAfterMs: number | undefined;
}

/** When an environment must be Ready, milliseconds since the epoch: readyTimeoutSeconds after helm's start. */
export function readyDeadline(
  environment: TestEnvironment,
  status: TestEnvironmentStatus,
  now: Date,
): number {
  const started = status.deployStartedAt ? Date.parse(status.deployStartedAt) : now.getTime();
  return started + (environment.spec.readyTimeoutSeconds ?? ENVIRONMENT_DEFAULTS.readyTimeoutSeconds) * 1000;
}

/** Sets conditions of an environment in the order Deployed, Healthy, Ready. */
export function withObservations(
  environment: TestEnvironment,
  status: TestEnvironmentStatus,
  now: Date,
  seen: readonly Omit<Observation, 'observedGeneration'>[],
): TestEnvironmentStatus {
  const { generation } = environment.metadata;
  const conditions = seen.reduce<Condition[]>(
    (list, observation) =>
      withCondition(
        list,
        {
          ...observation,
          message: observation.message.slice(0, LENGTHS.summary),
          ...(generation === undefined ? {} : { observedGeneration: generation }),
        },
        now,
      ),
    status.conditions ?? [],
  );
  return { ...status, conditions };
}

/** The status while helm runs, or is about to run. */
export function deploying(
  environment: TestEnvironment,
  status: TestEnvironmentStatus,
  now: Date,
  message: string,
): TestEnvironmentStatus {
  const { deployed, healthy, ready } = ENVIRONMENT_CONDITIONS;
  const reason = ENVIRONMENT_REASONS.deploying;
  return withObservations(environment, status, now, [
    { type: deployed, status: 'Unknown', reason, message },
    { type: healthy, status: 'Unknown', reason, message },
    { type: ready, status: 'False', reason, message },
  ]);
}

/** The status when nothing can be deployed until something changes. */
export function notDeployed(
  environment: TestEnvironment,
  status: TestEnvironmentStatus,
  now: Date,
  reason: string,
  message: string,
): TestEnvironmentStatus {
  const { deployed, healthy, ready } = ENVIRONMENT_CONDITIONS;
  return withObservations(environment, status, now, [
    { type: deployed, status: 'False', reason, message },
    { type: healthy, status: 'Unknown', reason, message: 'nothing is deployed' },
    { type: ready, status: 'False', reason, message },
  ]);
}

/**
 * The status of a deployment from its observed state. It is Ready when every component has the pods that the chart asks for
 * and its connection Secret exists. If it is not Ready in time after helm's start: DeployTimedOut, with the components. If a Job
 * has failed for good before: JobFailed, because no time brings the deployment up.
 */
export function observeDeployment(
  environment: TestEnvironment,
  status: TestEnvironmentStatus,
  sight: ObservedDeployment,
): Observed {
  const { now, components, connectionSecret } = sight;
  const { deployed, healthy, ready } = ENVIRONMENT_CONDITIONS;
  const missing = unready(components);
  const health =
    components.length === 0
      ? {
          status: 'False' as const,
          reason: ENVIRONMENT_REASONS.noComponents,
          message: 'the chart has no workload with the annotation e2e.backend.ai/desired-replicas',
        }
      : missing.length > 0
        ? {
            status: 'False' as const,
            reason: ENVIRONMENT_REASONS.componentsNotReady,
            message: `${missing.length} of ${components.length} components are not ready: ${unreadyInWords(missing)}`,
          }
        : {
            status: 'True' as const,
            reason: ENVIRONMENT_REASONS.allReady,
            message: `${components.length} of ${components.length} components are ready`,
          };
  const whole =
    health.status === 'True' && connectionSecret === undefined
      ? {
          status: 'False' as const,
          reason: ENVIRONMENT_REASONS.connectionMissing,
          message: 'the chart has no Secret backend-ai-connection with the key connection.json',
        }
      : health;
  const leftMs = readyDeadline(environment, status, now) - now.getTime();
  const seconds = environment.spec.readyTimeoutSeconds ?? ENVIRONMENT_DEFAULTS.readyTimeoutSeconds;
  const comingUp = whole.status === 'False' && status.readyAt === undefined;
  const failed = components.filter(({ workload }) =>
    sight.failedJobs?.includes(workload.replace('Job/', '')),
  );
  const summary =
    comingUp && failed.length > 0
      ? {
          ...whole,
          reason: ENVIRONMENT_REASONS.jobFailed,
          message: `it cannot become ready: ${unreadyInWords(failed)}`,
        }
      : comingUp && leftMs <= 0
        ? {
            ...whole,
            reason: ENVIRONMENT_REASONS.deployTimedOut,
            message: `not ready ${seconds} s after helm started: ${whole.message}`,
          }
        : whole;
  const { connectionSecret: _old, ...kept } = status;
  const next: TestEnvironmentStatus = {
    ...kept,
    components,
    ...(connectionSecret ? { connectionSecret } : {}),
    ...(whole.status === 'True' && !status.readyAt ? { readyAt: now.toISOString() } : {}),
  };
  return {
    status: withObservations(environment, next, now, [
      {
        type: deployed,
        status: 'True',
        reason: ENVIRONMENT_REASONS.installed,
        message: `release ${status.release ?? environment.metadata.name} is installed`,
      },
      { type: healthy, ...health },
      { type: ready, ...summary },
      ...(sight.drift ? [drifted(sight.drift)] : []),
    ]),
    requeueAfterMs: comingUp && leftMs > 0 ? leftMs : undefined,
  };
}

function drifted(drift: readonly string[]): Omit<Observation, 'observedGeneration'> {
  const type = ENVIRONMENT_CONDITIONS.drifted;
  return drift.length > 0
    ? { type, status: 'True', reason: ENVIRONMENT_REASONS.changedByHand, message: drift.join('; ') }
    : {
        type,
        status: 'False',
        reason: ENVIRONMENT_REASONS.asInstalled,
        message: 'workloads are as installed',
      };
}

/** The status of an external environment. `found`: its Secret exists, or none is named. */
export function observeExternal(
  environment: TestEnvironment,
  now: Date,
  secret: { name: string; found: boolean } | undefined,
): TestEnvironmentStatus {
  const { deployed, healthy, ready } = ENVIRONMENT_CONDITIONS;
  const reason = ENVIRONMENT_REASONS.external;
  const status: TestEnvironmentStatus = {
    ...(environment.status?.conditions ? { conditions: environment.status.conditions } : {}),
    ...(environment.status?.readyAt ? { readyAt: environment.status.readyAt } : {}),
    ...(secret?.found ? { connectionSecret: secret.name } : {}),
  };
  const message = 'this operator does not deploy it';
  if (secret && !secret.found) {
    return withObservations(environment, status, now, [
      { type: deployed, status: 'True', reason, message },
      { type: healthy, status: 'Unknown', reason, message },
      {
        type: ready,
        status: 'False',
        reason: ENVIRONMENT_REASONS.connectionMissing,
        message: `there is no Secret ${secret.name} with the key connection.json in this namespace: create it`,
      },
    ]);
  }
  return withObservations(environment, { ...status, readyAt: status.readyAt ?? now.toISOString() }, now, [
    { type: deployed, status: 'True', reason, message },
    { type: healthy, status: 'True', reason, message },
    { type: ready, status: 'True', reason, message },
  ]);
}
