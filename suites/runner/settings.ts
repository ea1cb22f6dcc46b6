import { SUITE_DEFAULTS } from '@backendai-e2e/api/defaults';
import { PATTERNS } from '@backendai-e2e/api/patterns';
import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import { podAccess } from '@backendai-e2e/kube/service-account';

/** For the runner's own tests: path of another list of known issues. */
const KNOWN_ISSUES_ENV = 'E2E_KNOWN_ISSUES';

/** The TestReport to update. */
export interface ReportTarget {
  namespace: string;
  name: string;
  access: ClusterAccess;
}

/** Settings of a run, from the environment of the Job's pod. */
export interface Settings {
  suite: string;
  files: string[];
  grep?: RegExp;
  timeoutSeconds: number;
  connection?: string;
  pod?: string;
  report?: ReportTarget;
  /** Path of the list of known issues. */
  knownIssues?: string;
}

/** The environment variables are invalid. The message names the variable and the expected value. */
class SettingsError extends Error {
  override name = 'SettingsError';
}

const FILE = new RegExp(PATTERNS.suiteFile);

/** Reads {@link Settings} from environment variables (packages/api/runner-contract.ts). Throws {@link SettingsError}. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const settings: Settings = {
    suite: env[RUNNER_ENV.suite] ?? 'unnamed',
    files: readFiles(env[RUNNER_ENV.files]),
    timeoutSeconds: readSeconds(env[RUNNER_ENV.timeoutSeconds]),
  };
  const grep = env[RUNNER_ENV.grep];
  if (grep) settings.grep = readGrep(grep);
  const connection = env[RUNNER_ENV.connection];
  if (connection) settings.connection = connection;
  const pod = env[RUNNER_ENV.pod];
  if (pod) settings.pod = pod;
  const knownIssues = env[KNOWN_ISSUES_ENV];
  if (knownIssues) settings.knownIssues = knownIssues;
  return settings;
}

/**
 * The TestReport to update, or undefined when none is named (a manual run).
 * Throws {@link SettingsError} without a namespace, and ConfigError when the API server cannot be found.
 */
export function readReportTarget(env: NodeJS.ProcessEnv): ReportTarget | undefined {
  const name = env[RUNNER_ENV.report];
  if (!name) return undefined;
  const namespace = env[RUNNER_ENV.namespace];
  if (!namespace) throw new SettingsError(`${RUNNER_ENV.report} is set, but ${RUNNER_ENV.namespace} is not`);
  return { namespace, name, access: podAccess(env) };
}

function readFiles(value: string | undefined): string[] {
  const wanted = `a JSON array of suite files such as ["session-lifecycle/create-session"]`;
  if (!value) throw new SettingsError(`${RUNNER_ENV.files} is not set: it must be ${wanted}`);
  let files: unknown;
  try {
    files = JSON.parse(value);
  } catch (error) {
    throw new SettingsError(`${RUNNER_ENV.files} is not JSON: it must be ${wanted}`, { cause: error });
  }
  if (!Array.isArray(files) || files.length === 0) {
    throw new SettingsError(`${RUNNER_ENV.files} is ${value}: it must be ${wanted}`);
  }
  return files.map((file: unknown) => {
    if (typeof file !== 'string' || !FILE.test(file)) {
      throw new SettingsError(`${RUNNER_ENV.files} names ${JSON.stringify(file)}: it must be ${wanted}`);
    }
    return file;
  });
}

function readGrep(value: string): RegExp {
  try {
    return new RegExp(value);
  } catch (error) {
    throw new SettingsError(`${RUNNER_ENV.grep} is not a regular expression: ${String(error)}`, {
      cause: error,
    });
  }
}

function readSeconds(value: string | undefined): number {
  const seconds = Number(value ?? SUITE_DEFAULTS.timeoutSeconds);
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new SettingsError(`${RUNNER_ENV.timeoutSeconds} is ${value}: it must be a number of seconds`);
  }
  return seconds;
}
