import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import {
  ENVIRONMENT_CONDITIONS,
  ENVIRONMENT_REASONS,
  START_FAILURES,
  type TestEnvironment,
} from '@backendai-e2e/api/test-environment';
import { observe, type Watcher } from '@backendai-e2e/kube/observe';
import { pathOf } from '@backendai-e2e/kube/request';
import type { Ending } from '../runs/ending.ts';
import { isReady } from '../runs/follow.ts';
import { componentLine, isUp, narrate } from '../runs/progress.ts';
import type { PhaseProgress } from '../terminal/renderer.ts';
import { NAMES } from './names.ts';

/** The operator's own deadline for a deployment is readyTimeoutSeconds, 600 s by default. */
const DEADLINE_MS = 1_800_000;

/** Reasons that say that the environment could not be deployed at all. */
const COULD_NOT_DEPLOY: ReadonlySet<string> = new Set([
  ENVIRONMENT_REASONS.helmFailed,
  ENVIRONMENT_REASONS.chartNotFound,
  ENVIRONMENT_REASONS.namespaceTaken,
  ENVIRONMENT_REASONS.notAllowed,
]);

/** What an environment's status means for a command that waits for it; undefined while it is in progress. Pure. */
export function endingOfEnvironment(environment: TestEnvironment): Ending | undefined {
  const { metadata, status } = environment;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return undefined;
  if (isReady(environment)) {
    return { code: COMMAND_EXIT.passed, sentence: `environment ${metadata.name} is ready` };
  }
  for (const type of [ENVIRONMENT_CONDITIONS.deployed, ENVIRONMENT_CONDITIONS.ready]) {
    const condition = conditionOf(status?.conditions, type);
    if (condition?.status !== 'False') continue;
    const sentence = `${condition.reason}: ${condition.message}`;
    if (COULD_NOT_DEPLOY.has(condition.reason)) return { code: COMMAND_EXIT.couldNotRun, sentence };
    if (START_FAILURES.includes(condition.reason)) return { code: COMMAND_EXIT.failed, sentence };
  }
  return undefined;
}

/** Waits until the environment is ready or cannot become ready. Throws the signal's reason, or what observe throws. */
export async function untilReady(
  client: Watcher,
  options: { signal: AbortSignal; progress: PhaseProgress; deadlineMs?: number },
): Promise<Ending> {
  const limit = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS);
  const signal = AbortSignal.any([options.signal, limit]);
  const path = pathOf(TEST_ENVIRONMENTS, { namespace: NAMES.operatorNamespace });
  const query = { fieldSelector: `metadata.name=${NAMES.environment}` };
  let seen: TestEnvironment | undefined;
  try {
    for await (const found of observe<TestEnvironment>(client, path, query, { signal })) {
      const now = found.get(NAMES.environment);
      if (!now) continue;
      const before = seen ? { reports: [], environment: seen } : { reports: [] };
      for (const line of narrate(before, { reports: [], environment: now })) options.progress.log(line);
      seen = now;
      const waiting = (now.status?.components ?? []).filter((one) => !isUp(one));
      options.progress.state(waiting.map(componentLine));
      const ending = endingOfEnvironment(now);
      if (ending) return ending;
    }
  } catch (error) {
    if (!limit.aborted || options.signal.aborted) throw error;
    const ready = conditionOf(seen?.status?.conditions, ENVIRONMENT_CONDITIONS.ready);
    const last = ready ? `${ready.reason}: ${ready.message}` : 'it has no status';
    return {
      code: COMMAND_EXIT.failed,
      sentence: `environment ${NAMES.environment} was not ready in time; ${last}`,
    };
  }
  throw new Error('observe ended without an error');
}
