import { whyNotApplicable } from '@backendai-e2e/api/release';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { SUITE_REASONS } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { deployedBuild } from '../environments/components.ts';
import type { RunWorld } from './plan-builder.ts';

/**
 * Why a suite does not apply to an environment: what is installed there is outside of its since and until. Undefined where it
 * applies, and where the release is unknown: its tests then say what is missing.
 */
export function notApplicable(
  environment: TestEnvironment | undefined,
  { spec }: TestSuite,
): string | undefined {
  const { since, until } = spec;
  const range = { ...(since ? { since } : {}), ...(until ? { until } : {}) };
  if (!environment) return undefined;
  const { version } = deployedBuild(environment.status?.components ?? []) ?? {};
  return whyNotApplicable('the suite', range, { where: environment.metadata.name, version });
}

/** Those of the environments that a suite applies to; why it applies to none, where it does not. */
export function applicableIn(
  names: string[],
  environmentCalled: (name: string) => TestEnvironment | undefined,
  suite: TestSuite,
): string[] | string {
  const reasons = names.map((name) => notApplicable(environmentCalled(name), suite));
  const fitting = names.filter((_, index) => reasons[index] === undefined);
  return fitting.length > 0 ? fitting : reasons.join('; ');
}

/** Why a suite may not run in an environment that exists: a reason of its line. Undefined: it may. */
export function forbidden(
  environment: TestEnvironment | undefined,
  { spec: suite }: TestSuite,
): string | undefined {
  if (environment === undefined) return undefined;
  const { disruption, external, invasiveSuites } = environment.spec;
  if (suite.disruptive && disruption !== 'Allowed') return SUITE_REASONS.disruptionForbidden;
  const invasive = invasiveSuites ?? (external ? 'Forbidden' : 'Allowed');
  return suite.invasive && invasive !== 'Allowed' ? SUITE_REASONS.invasiveSuitesForbidden : undefined;
}

/** Why a suite runs in none of the environments, each of which forbids it: reason and message of its line. */
export function forbiddenEverywhere(names: readonly string[], reason: string) {
  const who = `TestEnvironment ${names.join(' and ')} ${names.length > 1 ? 'forbid' : 'forbids'}`;
  const message =
    reason === SUITE_REASONS.disruptionForbidden
      ? `the suite is disruptive and ${who} disruption: to run it, set spec.disruption to Allowed`
      : `the suite is invasive and ${who} invasive suites: to run it, set spec.invasiveSuites to Allowed (make e2e-staging: ALLOW_INVASIVE=1)`;
  return { reason, message };
}

/** One of the run's environments; undefined: it does not exist. */
export function environmentCalled({ run, environment, moreEnvironments }: RunWorld, name: string) {
  if (name === run.spec.environmentRef.name) return environment;
  return moreEnvironments?.find(({ metadata }) => metadata.name === name);
}
