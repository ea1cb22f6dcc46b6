import type { Static } from 'typebox';
import { conditionOf } from './conditions.ts';
import type { CustomResource } from './constants/group.ts';
import { NOT_APPLICABLE } from './release.ts';
import type * as schemas from './schemas/test-run.ts';
import type * as statusSchemas from './schemas/test-run-status.ts';

/** Conditions of a TestRun. Succeeded is the summary: Unknown while the run is active, then True or False for good. */
export const RUN_CONDITIONS = {
  queued: 'Queued',
  /** True while spec.suspend is true. */
  suspended: 'Suspended',
  environmentReady: 'EnvironmentReady',
  resultsCollected: 'ResultsCollected',
  /** True once the run has its verdict, whichever: `kubectl wait` ends on a failure too. */
  finished: 'Finished',
  succeeded: 'Succeeded',
} as const;

/** Reasons of the condition Succeeded that programs read. The exit code of the command depends on them. */
export const RUN_REASONS = {
  running: 'Running',
  allPassed: 'AllPassed',
  suitesFailed: 'SuitesFailed',
  /** A deployed environment was not healthy in time, and every suite fails with this reason. Exit code 1. */
  environmentNotReady: 'EnvironmentNotReady',
  /** The environment could not be deployed. Exit code 2. */
  environmentFailed: 'EnvironmentFailed',
  unknownSuites: 'UnknownSuites',
  noSuites: 'NoSuites',
  environmentNotFound: 'EnvironmentNotFound',
  timedOut: 'TimedOut',
  cancelled: 'Cancelled',
  invalidGrep: 'InvalidGrep',
  tooManySuites: 'TooManySuites',
  /** spec.rerunFailedOf does not name a finished run with failures. */
  nothingToRerun: 'NothingToRerun',
  /** The run could not start within startDeadlineSeconds. Exit code 2. */
  missedStart: 'MissedStart',
} as const;

/** Annotations of a TestRun that programs read. */
export const RUN_ANNOTATIONS = {
  /** The run that this one repeats. */
  rerunOf: 'e2e.backend.ai/rerun-of',
  /**
   * The user who asked for the run, as the API server knows him. The admission policy of TestRuns refuses any other name. Users
   * take turns in the queue.
   */
  user: 'e2e.backend.ai/user',
  /** "false": notifications ignore the run, also as history. */
  notify: 'e2e.backend.ai/notify',
} as const;

/** Reasons in the line of a suite, besides those of its report. */
export const SUITE_REASONS = {
  environmentNotReady: 'EnvironmentNotReady',
  /** Another suite failed, and the run has failFast. */
  failFast: 'FailFast',
  /** The suite is disruptive, and the environment forbids disruption: a skip that lets the run succeed. */
  disruptionForbidden: 'DisruptionForbidden',
  /** The suite is invasive, and the environment forbids such suites: a skip that lets the run succeed. */
  invasiveSuitesForbidden: 'InvasiveSuitesForbidden',
  /** A good attempt made up for a bad one. */
  passedOnRetry: 'PassedOnRetry',
  /** An attempt failed, and a later one did not run what it ran. */
  notRepeated: 'NotRepeated',
  /** What is installed does not have what the suite tests (spec.since, spec.until): a skip that lets the run succeed. */
  notApplicable: NOT_APPLICABLE,
  /** The TestSuite was deleted before it could start. */
  suiteGone: 'SuiteGone',
  /** An object with the name of the attempt exists and has another owner. */
  nameTaken: 'NameTaken',
  /** The API server refuses an object of the attempt. */
  attemptRefused: 'AttemptRefused',
  cancelled: 'Cancelled',
  timedOut: 'TimedOut',
} as const;

export type TestRunSpec = Static<typeof schemas.TestRunSpec>;
export type RunSuite = Static<typeof statusSchemas.RunSuite>;
export type RunEnvironment = Static<typeof statusSchemas.RunEnvironment>;
export type TestRunStatus = Static<typeof statusSchemas.TestRunStatus>;

/** A request to run suites. Its status has a line for each suite and environment, and the verdict. */
export type TestRun = CustomResource<'TestRun', TestRunSpec, TestRunStatus>;

/** The environments of a run, in order. */
export function environmentsOf({ spec }: Pick<TestRun, 'spec'>): string[] {
  return [spec.environmentRef.name, ...(spec.moreEnvironmentRefs ?? []).map(({ name }) => name)];
}

/** The environment of a line of a run, or of one of its reports. Without one, the first of the run. */
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
