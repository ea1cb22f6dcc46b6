import { conditionOf } from './conditions.ts';
import { COMMAND_EXIT } from './constants/runner-contract.ts';
import { RUN_CONDITIONS, RUN_REASONS, type TestRun } from './test-run.ts';

/** The end of a job: the exit code of the program that waited for it, and a sentence. */
export interface Ending {
  code: (typeof COMMAND_EXIT)[keyof typeof COMMAND_EXIT];
  sentence: string;
}

/** Reasons of Succeeded=False for runs that could not test anything. */
const COULD_NOT_RUN: ReadonlySet<string> = new Set([
  RUN_REASONS.environmentFailed,
  RUN_REASONS.unknownSuites,
  RUN_REASONS.noSuites,
  RUN_REASONS.environmentNotFound,
  RUN_REASONS.invalidGrep,
  RUN_REASONS.missedStart,
  RUN_REASONS.nothingToRerun,
]);

/** The end of a job by its finished TestRun: the condition Succeeded decides. */
export function endingOfRun(run: TestRun): Ending {
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
  const sentence = `${succeeded?.reason ?? 'no condition Succeeded'}: ${succeeded?.message ?? 'the run has no verdict'}`;
  if (succeeded?.status === 'True') return { code: COMMAND_EXIT.passed, sentence };
  if (succeeded?.status !== 'False' || COULD_NOT_RUN.has(succeeded.reason)) {
    return { code: COMMAND_EXIT.couldNotRun, sentence };
  }
  return { code: COMMAND_EXIT.failed, sentence };
}
