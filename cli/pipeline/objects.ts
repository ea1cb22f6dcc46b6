import { API_VERSION } from '@backendai-e2e/api/group';
import type { TestEnvironment, TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import type { TestRunSpec } from '@backendai-e2e/api/test-run';
import { environmentPlaces, NAMES } from './names.ts';

/** The image references that charts/backend-ai asks for, from the project's image names. */
export function chartImages(refs: Readonly<Record<string, string>>): Record<string, string> {
  const names = {
    postgres: 'postgres',
    valkey: 'valkey',
    etcd: 'etcd',
    registry: 'registry',
    s3: 's3',
    backendAi: 'backend-ai',
    agent: 'agent',
    kernelPush: 'kernel-push',
  };
  return Object.fromEntries(
    Object.entries(names).map(([value, image]) => {
      const ref = refs[image];
      if (!ref) throw new Error(`there is no image "${image}" for images.${value} of charts/backend-ai`);
      return [value, ref];
    }),
  );
}

/**
 * The environments that a job tests, equal ones: charts/backend-ai with our images over the values for a small machine. Each is
 * deployed when the one before is ready: a deployment keeps two cores busy.
 */
export function environmentObjects(
  values: Readonly<Record<string, unknown>>,
  images: Readonly<Record<string, string>>,
  count: number,
): TestEnvironment[] {
  return environmentPlaces(count).map(({ name, namespace }, index, places) => {
    const object = environmentObject(values, images);
    const before = places[index - 1]?.name;
    const after = before === undefined ? {} : { deployAfterRef: { name: before } };
    return {
      ...object,
      metadata: { ...object.metadata, name },
      spec: { ...object.spec, namespace, ...after },
    };
  });
}

/** The first of them. */
export function environmentObject(
  values: Readonly<Record<string, unknown>>,
  images: Readonly<Record<string, string>>,
): TestEnvironment {
  const spec: TestEnvironmentSpec = {
    chart: { name: NAMES.environmentChart, values: { ...values, images } },
    namespace: NAMES.environmentNamespace,
    disruption: 'Allowed',
  };
  return {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name: NAMES.environment, namespace: NAMES.operatorNamespace },
    spec,
  };
}

export interface RunChoice {
  /** Names of TestSuites; undefined for all. */
  suites?: readonly string[];
  grep?: string;
  /** How often suites that try one thing several times do so. */
  rounds?: number;
  includeSlow: boolean;
  timeoutSeconds: number;
  /** Suites that may run side by side in each environment. */
  parallelism: number;
  /** Equal environments over which the suites are spread. Default 1. */
  environments?: number;
  /** Seconds for an environment that was deployed before and is not healthy. */
  environmentTimeoutSeconds: number;
}

/** A TestRun whose name the API server completes. */
export function runObject(choice: RunChoice): {
  apiVersion: string;
  kind: 'TestRun';
  metadata: { generateName: string; namespace: string };
  spec: TestRunSpec;
} {
  const [, ...more] = environmentPlaces(choice.environments ?? 1);
  const suites = choice.suites
    ? { names: [...choice.suites] }
    : choice.includeSlow
      ? undefined
      : { includeSlow: false };
  return {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { generateName: 'e2e-', namespace: NAMES.operatorNamespace },
    spec: {
      environmentRef: { name: NAMES.environment },
      ...(more.length > 0 ? { moreEnvironmentRefs: more.map(({ name }) => ({ name })) } : {}),
      ...(suites ? { suites } : {}),
      ...(choice.grep ? { grep: choice.grep } : {}),
      ...(choice.rounds ? { rounds: choice.rounds } : {}),
      timeoutSeconds: choice.timeoutSeconds,
      parallelism: choice.parallelism,
      environmentTimeoutSeconds: choice.environmentTimeoutSeconds,
    },
  };
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
