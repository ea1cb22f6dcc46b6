import { inRange, rangeInWords } from '@backendai-e2e/api/release';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
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
  const build = deployedBuild(environment?.status?.components ?? []);
  if (!environment || !build || inRange(build.version, range)) return undefined;
  return `the suite applies ${rangeInWords(range)}, and ${environment.metadata.name} runs ${build.version}`;
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

/** Whether a suite would disrupt an environment that forbids it. */
export function forbids(environment: TestEnvironment | undefined, { spec }: TestSuite): boolean {
  return spec.disruptive === true && environment !== undefined && environment.spec.disruption !== 'Allowed';
}

/** One of the run's environments; undefined: it does not exist. */
export function environmentCalled({ run, environment, moreEnvironments }: RunWorld, name: string) {
  if (name === run.spec.environmentRef.name) return environment;
  return moreEnvironments?.find(({ metadata }) => metadata.name === name);
}
