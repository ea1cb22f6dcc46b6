import { conditionOf } from '@backendai-e2e/api/conditions';
import {
  ENVIRONMENT_CONDITIONS,
  START_FAILURES,
  type TestEnvironment,
} from '@backendai-e2e/api/test-environment';

/**
 * Why an environment is not deployed yet: the one that spec.deployAfterRef names is still coming up. Undefined when it may be
 * deployed. The other one is then Ready, cannot become Ready, does not exist, or was created later. The last case keeps two
 * from waiting for each other.
 */
export function waitsForTurn(
  environment: TestEnvironment,
  before: TestEnvironment | undefined,
): string | undefined {
  if (!before || before.metadata.name !== environment.spec.deployAfterRef?.name) return undefined;
  if (!isEarlier(before, environment) || !isComingUp(before)) return undefined;
  return `waits for TestEnvironment ${before.metadata.name}, which is deployed first (spec.deployAfterRef)`;
}

function isEarlier({ metadata: one }: TestEnvironment, { metadata: other }: TestEnvironment): boolean {
  const [at, then] = [one.creationTimestamp ?? '', other.creationTimestamp ?? ''];
  return at < then || (at === then && one.name < other.name);
}

/** Whether the environment has not been Ready since helm started, or is to start, and may still become Ready. */
function isComingUp({ metadata, status }: TestEnvironment): boolean {
  if (metadata.deletionTimestamp) return false;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return true;
  const deployed = conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.deployed);
  const ready = conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.ready);
  if (deployed?.status !== 'True') return deployed?.status !== 'False';
  return status?.readyAt === undefined && !START_FAILURES.includes(ready?.reason ?? '');
}
