import { conditionOf } from '@backendai-e2e/api/conditions';
import {
  ENVIRONMENT_CONDITIONS,
  ENVIRONMENT_REASONS,
  type TestEnvironment,
  type TestEnvironmentStatus,
} from '@backendai-e2e/api/test-environment';
import type { Namespace } from '@backendai-e2e/kube/builtin-resources';
import { waitsForTurn } from './install-order.ts';
import { isOwn, namespaceOf, ownerInWords, whatHolds } from './namespace.ts';
import { readyDeadline } from './observe.ts';

/** What comes next for an environment that is to be deployed. */
export type DeployStep =
  /** Nothing can be deployed until something changes. */
  | { do: 'refuse'; reason: string; message: string }
  | { do: 'wait'; message: string }
  | { do: 'createNamespace' }
  | { do: 'install' }
  /** The same installation failed before: only a change of the chart or its values can help. */
  | { do: 'leave' }
  | { do: 'observe' };

/**
 * Why helm must not start yet: the environment that goes first is not Ready. Undefined when it may.
 * @param wanted hash of the installation that the spec asks for
 * @param first the environment that spec.deployAfterRef names
 */
export function turnOf(
  environment: TestEnvironment,
  wanted: string,
  first: TestEnvironment | undefined,
): string | undefined {
  const { valuesHash, attemptedHash } = environment.status ?? {};
  return valuesHash === wanted || attemptedHash === wanted ? undefined : waitsForTurn(environment, first);
}

/** Decides from the environment's namespace, as the API server holds it, what comes next. Pure. */
export function deployStep(
  environment: TestEnvironment,
  wanted: string,
  namespace: Namespace | undefined,
): DeployStep {
  const { namespaceGone, namespaceTaken, helmFailed } = ENVIRONMENT_REASONS;
  const name = namespaceOf(environment);
  const installed = environment.status?.valuesHash === wanted;
  if (!namespace) {
    if (!installed) return { do: 'createNamespace' };
    const message = `namespace ${name} is gone with everything that was deployed: delete this TestEnvironment and create it again`;
    return { do: 'refuse', reason: namespaceGone, message };
  }
  if (namespace.metadata.deletionTimestamp) {
    const held = whatHolds(namespace) ?? 'its objects are being deleted';
    return { do: 'wait', message: `namespace ${name} is still being deleted: ${held}` };
  }
  if (!isOwn(namespace, environment)) {
    const message = `${ownerInWords(namespace)}: create this TestEnvironment with another spec.namespace`;
    return { do: 'refuse', reason: namespaceTaken, message };
  }
  if (installed) return { do: 'observe' };
  const deployed = conditionOf(environment.status?.conditions, ENVIRONMENT_CONDITIONS.deployed);
  const failed = environment.status?.attemptedHash === wanted && deployed?.reason === helmFailed;
  return failed ? { do: 'leave' } : { do: 'install' };
}

/** Where an environment is deployed, added to its status. */
export function placed(environment: TestEnvironment): TestEnvironmentStatus {
  return { ...environment.status, namespace: namespaceOf(environment), release: environment.metadata.name };
}

/** The status at helm's start. An installation that an earlier operator began keeps its start, and so its deadline. */
export function installing(environment: TestEnvironment, wanted: string, now: Date): TestEnvironmentStatus {
  const { readyAt: _past, ...status } = placed(environment);
  const resumed = environment.status?.attemptedHash === wanted;
  const deployStartedAt = (resumed ? status.deployStartedAt : undefined) ?? now.toISOString();
  return { ...status, attemptedHash: wanted, deployStartedAt };
}

/** Whether a failure of helm is final: another try cannot help, or the environment's time to become Ready is over. */
export function isFinalFailure(environment: TestEnvironment, transient: boolean, now: Date): boolean {
  return !transient || now.getTime() >= readyDeadline(environment, environment.status ?? {}, now);
}
