import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRunStatus } from '@backendai-e2e/api/test-run';

/** Maximum number of builds of Backend.AI that a status names. */
const MOST_BUILDS = 10;

/** Every Backend.AI that the attempts met, each once: those of before, for the reports of retries are removed. */
export function testedBuilds(
  before: readonly string[] | undefined,
  reports: readonly TestReport[],
): Pick<TestRunStatus, 'backendAi'> {
  const now = reports.map(({ status }) => status?.backendAi).filter((build) => build !== undefined);
  const tested = [...new Set([...(before ?? []), ...now])].slice(0, MOST_BUILDS);
  return tested.length > 0 ? { backendAi: tested } : {};
}
