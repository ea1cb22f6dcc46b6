import { API_VERSION } from '@backendai-e2e/api/group';
import type { TestEnvironment, TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import type { ImageSet } from '../images/build.ts';
import { type RunRequest, runObject, runSpec } from '../runs/run-spec.ts';
import { environmentNames, NAMES } from './names.ts';

/** Components that may have an image of their own in charts/backend-ai, by the name of that value. */
const OWN_IMAGES = {
  manager: 'manager',
  storageProxy: 'storage-proxy',
  webserver: 'webserver',
  appproxyCoordinator: 'appproxy-coordinator',
  appproxyWorker: 'appproxy-worker',
} as const;

/**
 * The image references that charts/backend-ai needs.
 * @param refs by the project's image names
 * @param components of single components, in place of "backend-ai"
 */
export function chartImages(
  refs: Readonly<Record<string, string>>,
  components: ImageSet['components'] = {},
): Record<string, string> {
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
  const needed = Object.entries(names).map(([value, image]) => {
    const ref = refs[image];
    if (!ref) throw new Error(`there is no image "${image}" for images.${value} of charts/backend-ai`);
    return [value, ref];
  });
  const own = Object.entries(OWN_IMAGES).flatMap(([value, component]) => {
    const ref = components[component];
    return ref === undefined ? [] : [[value, ref]];
  });
  // The Job runs the manager's image; the snapshot in this one is that of "backend-ai".
  const snapshot = components.manager === undefined && refs.bootstrap ? [['bootstrap', refs.bootstrap]] : [];
  return Object.fromEntries([...needed, ...own, ...snapshot]);
}

/**
 * The environments that a job tests, equal ones: charts/backend-ai with our images over the values for a small machine. Each is
 * deployed when the one before is ready: a deployment keeps two cores busy.
 * @param imagesOf images of charts/backend-ai for the environment of that name
 * @param runtimeImage see environmentObject
 */
export function environmentObjects(
  values: Readonly<Record<string, unknown>>,
  imagesOf: (name: string) => Readonly<Record<string, string>>,
  count: number,
  runtimeImage?: string,
): TestEnvironment[] {
  return environmentNames(count).map(({ name, namespace }, index, places) => {
    const object = environmentObject(values, imagesOf(name), runtimeImage);
    const before = places[index - 1]?.name;
    const after = before === undefined ? {} : { deployAfterRef: { name: before } };
    return {
      ...object,
      metadata: { ...object.metadata, name },
      spec: { ...object.spec, namespace, ...after },
    };
  });
}

/** The image for suites that need programs of Backend.AI, where it is not the operator's; undefined: it is. */
export function ownRuntime({ refs, runtimeImage }: ImageSet): string | undefined {
  const wanted = refs['suites-backend-ai'];
  return wanted === runtimeImage ? undefined : wanted;
}

/**
 * The first of them.
 * @param runtimeImage from ownRuntime. It is part of the environment, so that another Backend.AI does not restart the operator.
 */
export function environmentObject(
  values: Readonly<Record<string, unknown>>,
  images: Readonly<Record<string, string>>,
  runtimeImage?: string,
): TestEnvironment {
  const spec: TestEnvironmentSpec = {
    chart: { name: NAMES.environmentChart, values: { ...values, images } },
    namespace: NAMES.environmentNamespace,
    ...(runtimeImage === undefined ? {} : { runtimeImage }),
    disruption: 'Allowed',
  };
  return {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name: NAMES.environment, namespace: NAMES.operatorNamespace },
    spec,
  };
}

/** The TestRun for this number of environments. */
export function kindRun(request: Omit<RunRequest, 'environments'>, environments: number) {
  const names = environmentNames(environments).map(({ name }) => name);
  return runObject(NAMES.operatorNamespace, 'e2e', runSpec({ ...request, environments: names }));
}
