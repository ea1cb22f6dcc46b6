import { conditionOf } from '@backendai-e2e/api/conditions';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { environmentsOf, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';

/**
 * Milliseconds until an environment expires, ttlSeconds after its last run. It has expired at 0 or less. Undefined when it is
 * kept. Then it has no ttlSeconds, a run is active, or its last run failed and retainOnFailure is set.
 */
export function expiresInMs(
  environment: TestEnvironment,
  runs: readonly TestRun[],
  now: Date,
): number | undefined {
  const { ttlSeconds, retainOnFailure } = environment.spec;
  if (ttlSeconds === undefined) return undefined;
  const own = runs.filter((run) => environmentsOf(run).includes(environment.metadata.name));
  const ended = own
    .map((run) => ({ at: run.status?.finishedAt, succeeded: outcomeOf(run) }))
    .sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''));
  if (ended.some((run) => run.succeeded === undefined)) return undefined;
  if (retainOnFailure && ended[0]?.succeeded === false) return undefined;
  const since = ended[0]?.at ?? environment.status?.readyAt ?? environment.metadata.creationTimestamp;
  return since ? Date.parse(since) + ttlSeconds * 1000 - now.getTime() : undefined;
}

/** Undefined while the run is active. */
function outcomeOf(run: TestRun): boolean | undefined {
  const status = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded)?.status;
  return status === 'True' ? true : status === 'False' ? false : undefined;
}
