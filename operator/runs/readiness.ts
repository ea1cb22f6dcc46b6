import { conditionOf } from '@backendai-e2e/api/conditions';
import {
  type ComponentStatus,
  ENVIRONMENT_CONDITIONS,
  ENVIRONMENT_REASONS,
  START_FAILURES,
  type TestEnvironment,
} from '@backendai-e2e/api/test-environment';
import { unreadyInWords } from '../environments/components.ts';

/** The readiness of an environment for one suite. */
export interface Readiness {
  /**
   * Ready: the suite can start. Deploying: coming up for the first time since helm ran. Unhealthy: deployed, but something is
   * not ready. Failed: it could not be deployed, and a change is needed. Missing: it does not exist.
   */
  state: 'Ready' | 'Deploying' | 'Unhealthy' | 'Failed' | 'Missing';
  /** Sentence that names the components. */
  message: string;
}

/** Whether a suite that needs those components (none: all) can run in the environment. */
export function readinessFor(
  environment: TestEnvironment | undefined,
  needs: readonly string[],
  name: string,
): Readiness {
  if (!environment) return { state: 'Missing', message: `there is no TestEnvironment ${name}: create it` };
  if (environment.metadata.deletionTimestamp) {
    return { state: 'Missing', message: `TestEnvironment ${name} is being deleted` };
  }
  const status = environment.status;
  const deployed = conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.deployed);
  const ready = conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.ready);
  if (
    !status ||
    !ready ||
    !deployed ||
    (status.observedGeneration ?? 0) < (environment.metadata.generation ?? 0)
  ) {
    return { state: 'Deploying', message: `TestEnvironment ${name} has not been looked at yet` };
  }
  if (deployed.status === 'False') return { state: 'Failed', message: deployed.message };
  if (deployed.status !== 'True') return { state: 'Deploying', message: deployed.message };
  if (ready.status === 'True') return { state: 'Ready', message: ready.message };
  const state = coming(environment, ready.reason);
  const components: string[] = [ENVIRONMENT_REASONS.componentsNotReady, ...START_FAILURES];
  // No suite starts before: the leak audit blames the suites for everything that appears after the first start.
  if (state === 'Deploying' || needs.length === 0) return { state, message: ready.message };
  if (components.includes(ready.reason) && status.connectionSecret) {
    const missing = lacking(status.components ?? [], needs);
    if (missing === undefined) return { state: 'Ready', message: `${needs.join(', ')}: ready` };
    return { state, message: missing };
  }
  return { state, message: ready.message };
}

/** An environment that has not been ready since helm ran is coming up, until it has failed to. */
function coming(environment: TestEnvironment, reason: string): Readiness['state'] {
  if (environment.spec.external || environment.status?.readyAt) return 'Unhealthy';
  return START_FAILURES.includes(reason) ? 'Failed' : 'Deploying';
}

function lacking(components: readonly ComponentStatus[], needs: readonly string[]): string | undefined {
  const unknown = needs.filter((need) => !components.some((component) => component.name === need));
  if (unknown.length > 0) return `the environment has no component ${unknown.join(', ')}`;
  const unready = components.filter(
    (component) => needs.includes(component.name) && component.ready < component.desired,
  );
  return unready.length > 0 ? unreadyInWords(unready) : undefined;
}
