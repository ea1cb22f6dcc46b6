/**
 * The contract between the operator and the runner in the pod of a suite.
 */

/** Environment variables of the runner container. */
export const RUNNER_ENV = {
  run: 'E2E_RUN',
  suite: 'E2E_SUITE',
  attempt: 'E2E_ATTEMPT',
  /** Start of the first attempt of the run, RFC 3339. Suites of the run created everything newer. */
  since: 'E2E_RUN_SINCE',
  report: 'E2E_REPORT',
  namespace: 'E2E_NAMESPACE',
  /** TestEnvironment of the attempt. Faults of the suite target it. */
  environment: 'E2E_ENVIRONMENT',
  /** JSON array of suite files, as in TestSuite.spec.files. */
  files: 'E2E_FILES',
  grep: 'E2E_GREP',
  /** Number of rounds in a suite that repeats an attempt, from 1. Unset: the suite decides. */
  rounds: 'E2E_ROUNDS',
  /** Seconds for all tests. The runner ends before the deadline of the Job. */
  timeoutSeconds: 'E2E_TIMEOUT_SECONDS',
  /** Path of connection.json. Unset for an environment without a connection. */
  connection: 'E2E_CONNECTION',
  pod: 'E2E_POD',
  /** The place of the attempt in the trace of its run, as OpenTelemetry's programs read it from their environment. */
  traceparent: 'TRACEPARENT',
  /**
   * JSON array of changes, as in TestReport.status.changes. {@link UNDO_FILE} undoes them. A suite that runs last gets those that no
   * Job undid.
   */
  changes: 'E2E_CHANGES',
} as const;

/** Ways to undo a change of a deployment (TestReport.status.changes). */
export const UNDO_ACTIONS = ['ScheduleAgent', 'DeleteConfig', 'EndSessions'] as const;

/** The suite file that undoes what an ended attempt left changed. The operator runs it in a Job of its own. */
export const UNDO_FILE = 'audit/undo';

/**
 * Titles of the tests of suites/upgrade during which the command upgrades the environment. It starts when the report says that
 * the test runs.
 */
export const UPGRADE_TESTS = {
  /** Everything but the agents, with migrations of the database. */
  services: 'while the services are upgraded, no answer is wrong',
  agents: 'while the agents are upgraded, they come back with their slots',
} as const;

/** Folder where the operator mounts the connection Secret. */
export const CONNECTION_MOUNT = '/etc/backendai-e2e/connection';

/** Exit codes of the runner. */
export const RUNNER_EXIT = { passed: 0, failed: 1, couldNotRun: 2, noTests: 3 } as const;

/** Exit codes of the command. */
export const COMMAND_EXIT = { passed: 0, failed: 1, couldNotRun: 2, interrupted: 130 } as const;
