import type { Static } from 'typebox';
import { conditionOf } from './conditions.ts';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-run.ts';

/** Conditions of a TestRun. Succeeded is the summary: Unknown while it is active, then True or False for ever. */
export const RUN_CONDITIONS = {
  queued: 'Queued',
  /** True while spec.suspend holds it. */
  suspended: 'Suspended',
  environmentReady: 'EnvironmentReady',
  resultsCollected: 'ResultsCollected',
  succeeded: 'Succeeded',
} as const;

/** Reasons of the condition Succeeded that other programs look at (the command's exit code depends on them). */
export const RUN_REASONS = {
  running: 'Running',
  allPassed: 'AllPassed',
  suitesFailed: 'SuitesFailed',
  /** A deployed environment was not healthy in time: every suite fails with that reason. Exit code 1. */
  environmentNotReady: 'EnvironmentNotReady',
  /** The environment could not be deployed at all. Exit code 2. */
  environmentFailed: 'EnvironmentFailed',
  unknownSuites: 'UnknownSuites',
  noSuites: 'NoSuites',
  environmentNotFound: 'EnvironmentNotFound',
  timedOut: 'TimedOut',
  cancelled: 'Cancelled',
  invalidGrep: 'InvalidGrep',
  tooManySuites: 'TooManySuites',
  /** spec.rerunFailedOf names no run that has ended with failures. */
  nothingToRerun: 'NothingToRerun',
  /** Its turn, or the operator, came later than startDeadlineSeconds allow. Exit code 2. */
  missedStart: 'MissedStart',
} as const;

/** Annotations of a TestRun that programs look at. */
export const RUN_ANNOTATIONS = {
  /** The run that this one repeats. */
  rerunOf: 'e2e.backend.ai/rerun-of',
  /** "false": the run does not count for notifications, neither as news nor as history. */
  notify: 'e2e.backend.ai/notify',
} as const;

/** Reasons of a suite's line in a run, besides those of its report. */
export const SUITE_REASONS = {
  environmentNotReady: 'EnvironmentNotReady',
  /** Another suite failed and the run has failFast. */
  failFast: 'FailFast',
  /** The suite is disruptive and the environment forbids that: an allowed skip. */
  disruptionForbidden: 'DisruptionForbidden',
  /** The TestSuite was deleted before its turn. */
  suiteGone: 'SuiteGone',
  /** An object with the attempt's name exists and belongs to someone else. */
  nameTaken: 'NameTaken',
  cancelled: 'Cancelled',
  timedOut: 'TimedOut',
} as const;

export type TestRunSpec = Static<typeof schemas.TestRunSpec>;
export type RunSuite = Static<typeof schemas.RunSuite>;
export type RunEnvironment = Static<typeof schemas.RunEnvironment>;
export type TestRunStatus = Static<typeof schemas.TestRunStatus>;
export type TestRun = CustomResource<'TestRun', TestRunSpec, TestRunStatus>;

/** The environments of a run, in their order. */
export function environmentsOf({ spec }: Pick<TestRun, 'spec'>): string[] {
  return [spec.environmentRef.name, ...(spec.moreEnvironmentRefs ?? []).map(({ name }) => name)];
}

/** The environment of a line of a run, or of one of its reports: its own, else the run's first. */
export function environmentOf(
  run: Pick<TestRun, 'spec'>,
  part: { environment?: string } | undefined,
): string {
  return part?.environment ?? run.spec.environmentRef.name;
}

/** The TestSuite of a line. */
export function suiteOf(line: Pick<RunSuite, 'name' | 'suite'>): string {
  return line.suite ?? line.name;
}

/** Whether the run has its verdict. It never changes after that. A run that does not exist has none. */
export function isFinished(run: Pick<TestRun, 'status'> | undefined): boolean {
  const succeeded = conditionOf(run?.status?.conditions, RUN_CONDITIONS.succeeded)?.status;
  return succeeded === 'True' || succeeded === 'False';
}
