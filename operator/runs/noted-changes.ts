import { conditionOf } from '@backendai-e2e/api/conditions';
import { type DeploymentChange, REPORT_CONDITIONS } from '@backendai-e2e/api/test-report';
import { environmentOf } from '@backendai-e2e/api/test-run';
import type { RunWorld } from './plan-builder.ts';

/** The changes that attempts of the run noted in an environment, and that no Job of the operator undid. */
export function notedChanges(
  environment: string,
  { run, reports }: Pick<RunWorld, 'run' | 'reports'>,
): DeploymentChange[] {
  return reports
    .filter(({ spec }) => environmentOf(run, spec) === environment)
    .filter(({ status }) => conditionOf(status?.conditions, REPORT_CONDITIONS.undone)?.status !== 'True')
    .flatMap(({ status }) => status?.changes ?? []);
}
