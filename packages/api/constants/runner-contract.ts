/**
 * What the operator and the runner in a suite's pod agree on.
 */

/** Environment variables of the runner's container. */
export const RUNNER_ENV = {
  run: 'E2E_RUN',
  suite: 'E2E_SUITE',
  attempt: 'E2E_ATTEMPT',
  /** When the run's first attempt was made, RFC 3339: what is younger, the run's suites have made. */
  since: 'E2E_RUN_SINCE',
  report: 'E2E_REPORT',
  namespace: 'E2E_NAMESPACE',
  /** TestEnvironment of the run: what a Fault of the suite is about. */
  environment: 'E2E_ENVIRONMENT',
  /** JSON array of suite files, as in TestSuite.spec.files. */
  files: 'E2E_FILES',
  grep: 'E2E_GREP',
  /** How often a suite that tries one thing several times does so: a whole number from 1. Unset: as the suite says. */
  rounds: 'E2E_ROUNDS',
  /** Seconds for all tests; the runner ends itself before the Job's deadline. */
  timeoutSeconds: 'E2E_TIMEOUT_SECONDS',
  /** Path of connection.json. Unset for an environment without a connection. */
  connection: 'E2E_CONNECTION',
  pod: 'E2E_POD',
} as const;

/** Where the operator mounts the connection Secret. */
export const CONNECTION_MOUNT = '/etc/backendai-e2e/connection';

/** Exit codes of the runner. */
export const RUNNER_EXIT = { passed: 0, failed: 1, couldNotRun: 2, noTests: 3 } as const;

/** Exit codes of the command. */
export const COMMAND_EXIT = { passed: 0, failed: 1, couldNotRun: 2, interrupted: 130 } as const;
