import { API_VERSION } from '@backendai-e2e/api/group';
import { suiteOf, type TestRun, type TestRunSpec } from '@backendai-e2e/api/test-run';
import { suitesToRerun } from '@backendai-e2e/api/verdict-policy';
import type { CatalogEntry } from '../catalog/catalog.ts';
import { suitesNamed, withLast } from '../catalog/chosen-suites.ts';

/** What a TestRun is asked to do. A field that is left out leaves the choice to the operator. */
export interface RunRequest {
  /** Names of TestEnvironments, at least one; several are equal and share the suites. */
  environments: readonly string[];
  /** Names of TestSuites; undefined for all. */
  suites?: readonly string[];
  /** Whether a run of all suites includes the slow ones. */
  includeSlow: boolean;
  /** JavaScript regular expression for full titles of tests. */
  grep?: string;
  /** How often suites that repeat one thing repeat it. */
  rounds?: number;
  timeoutSeconds?: number;
  /** Suites that run at once in each environment. */
  parallelism?: number;
  /** Further attempts of a suite that failed. */
  retries?: number;
  /** Start no further suite after one that failed. */
  failFast?: boolean;
  /** Seconds that an environment that is not ready is waited for. */
  environmentTimeoutSeconds?: number;
}

/** The choices of a user that every command which creates a run offers. */
export type RunChoice = Omit<RunRequest, 'environments' | 'environmentTimeoutSeconds'> & {
  timeoutSeconds: number;
  parallelism: number;
};

/** The spec of a run. Pure. */
export function runSpec(request: RunRequest): TestRunSpec {
  const [environment = '', ...more] = request.environments;
  const { grep, rounds, timeoutSeconds, parallelism, retries, failFast, environmentTimeoutSeconds } = request;
  const suites = request.suites
    ? { names: [...request.suites] }
    : request.includeSlow
      ? undefined
      : { includeSlow: false };
  return {
    environmentRef: { name: environment },
    ...(more.length > 0 ? { moreEnvironmentRefs: more.map((name) => ({ name })) } : {}),
    ...(suites ? { suites } : {}),
    ...(grep ? { grep } : {}),
    ...(rounds ? { rounds } : {}),
    ...(timeoutSeconds ? { timeoutSeconds } : {}),
    ...(parallelism ? { parallelism } : {}),
    ...(retries === undefined ? {} : { retryPolicy: { retries } }),
    ...(failFast ? { failFast } : {}),
    ...(environmentTimeoutSeconds ? { environmentTimeoutSeconds } : {}),
  };
}

/** A TestRun whose name begins with `prefix`; the API server completes it. */
export function runObject(
  namespace: string,
  prefix: string,
  spec: TestRunSpec,
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
) {
  return {
    apiVersion: API_VERSION,
    kind: 'TestRun' as const,
    metadata: { generateName: `${prefix}-`, namespace, ...metadata },
    spec,
  };
}

/** What a user asks `e2e run` for, as text. */
export interface RunWish extends Omit<RunRequest, 'environments' | 'suites'> {
  /** TestEnvironments, separated by commas. */
  environment: string;
  /** Suites, areas or suite files, separated by commas; undefined for all. */
  suites?: string;
}

/** The spec that a user asks for. Throws UnknownSuites. Pure. */
export function specOf(
  { environment, suites: asked, ...wish }: RunWish,
  catalog: readonly CatalogEntry[],
): TestRunSpec {
  const suites = withLast(suitesNamed(asked, catalog, wish.includeSlow), catalog, wish.grep);
  const environments = environment.split(',').map((name) => name.trim());
  return runSpec({ ...wish, environments, ...(suites ? { suites } : {}) });
}

/**
 * The spec of a rerun: all suites of the run, or those that failed, by the operator's choice. Undefined where none failed. Pure.
 */
export function rerunSpec(run: TestRun, onlyFailed: boolean): TestRunSpec | undefined {
  const { cancel: _cancel, suspend: _suspend, suites: _suites, rerunFailedOf: _of, ...same } = run.spec;
  if (onlyFailed) {
    return suitesToRerun(run).length === 0 ? undefined : { ...same, rerunFailedOf: run.metadata.name };
  }
  const names = [...new Set((run.status?.suites ?? []).map(suiteOf))];
  return { ...same, ...(names.length > 0 ? { suites: { names } } : {}) };
}

/** Throws an Error for a text that is no JavaScript regular expression, as the operator would refuse it later. */
export function checkGrep(grep: string | undefined): void {
  if (!grep) return;
  try {
    new RegExp(grep);
  } catch (error) {
    throw new Error(`--grep ${JSON.stringify(grep)} is not a regular expression: ${String(error)}`, {
      cause: error,
    });
  }
}
