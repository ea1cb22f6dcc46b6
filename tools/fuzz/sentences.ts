import { conditionOf } from '@backendai-e2e/api/conditions';
import { FAULT_CONDITIONS, type Fault } from '@backendai-e2e/api/fault';
import { ENVIRONMENT_CONDITIONS, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { RUN_CONDITIONS, type RunSuite, type TestRun } from '@backendai-e2e/api/test-run';
import { ownedStatus } from '@backendai-e2e/kube/owned-fields';

/** The field manager of what the fuzz writes into a status. */
export const FUZZ = 'fuzz';

/**
 * What each kind must show within the patience of the fuzz: the sentence, or undefined while it shows none.
 *
 * - TestEnvironment: the condition Ready of its generation, with a message.
 * - TestRun: the condition Succeeded with a message; once cancelled, the condition Finished too.
 * - Fault: the condition Accepted with a message.
 * - TestSuite: it has no condition. Every line of a run that selects it ends with a verdict, and says why unless it passed.
 * - TestReport of a user: closed with a message, or left as it is. It belongs to no run.
 */
export const SENTENCES = {
  TestEnvironment: ({ metadata, status }: TestEnvironment): string | undefined => {
    if (status?.observedGeneration !== metadata.generation) return undefined;
    return conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.ready)?.message || undefined;
  },
  TestRun: ({ status }: TestRun): string | undefined =>
    conditionOf(status?.conditions, RUN_CONDITIONS.succeeded)?.message || undefined,
  Fault: ({ status }: Fault): string | undefined =>
    conditionOf(status?.conditions, FAULT_CONDITIONS.accepted)?.message || undefined,
  TestReport: (report: TestReport): string | undefined => {
    const { status } = report;
    if (status?.startedAt === undefined) return 'left as it is: nothing says that it was started';
    if (status.final !== true) return undefined;
    // An author may end a report as interrupted too, and say nothing. The cast: the API server lists who owns which field.
    const authored = ownedStatus(report, FUZZ) as TestReport['status'] | undefined;
    return authored?.final ? 'final as its author wrote it' : status.message || undefined;
  },
};

/** The end of a cancelled run. */
export function endOf({ status }: TestRun): string | undefined {
  return conditionOf(status?.conditions, RUN_CONDITIONS.finished)?.message || undefined;
}

/** The end of a suite's line. */
export function lineEnd({ state, verdict, message }: RunSuite): string | undefined {
  if (state !== 'Finished' || verdict === undefined) return undefined;
  return verdict === 'Passed' ? 'passed' : message || undefined;
}
