import type { Connection } from '@backendai-e2e/api/connection';
import { API_VERSION } from '@backendai-e2e/api/group';
import { ownerReference } from '@backendai-e2e/api/resources';
import { CONNECTION_KEY, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import { type RunRequest, runObject, runSpec } from '../runs/run-spec.ts';
import { DEPLOYMENT_ANNOTATION, MADE_BY, STAGING, type StagingNamespaces } from './names.ts';

const labels = { [MADE_BY.label]: MADE_BY.value };
/** Seconds after which a finished run is deleted even if no command attached to it. */
const RUN_TTL_SECONDS = 24 * 3600;

/**
 * The Secret that the suites get. It holds every credential of the deployment, so it goes with the environment that owns it.
 * @param owner the environment as the API server holds it; undefined before it exists
 */
export function connectionSecret(
  namespaces: StagingNamespaces,
  connection: Connection,
  owner?: TestEnvironment,
): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: STAGING.connectionSecret,
      namespace: namespaces.test,
      labels,
      ...(owner ? { ownerReferences: [ownerReference(owner)] } : {}),
    },
    type: 'Opaque',
    data: { [CONNECTION_KEY]: Buffer.from(JSON.stringify(connection)).toString('base64') },
  };
}

/**
 * The environment: an existing deployment that no suite may disrupt, and that invasive suites may use only on request. The operator deletes it a day after its last run, with the
 * connection, even if no command comes back.
 */
export function stagingEnvironment(
  namespaces: StagingNamespaces,
  { allowInvasive }: { allowInvasive: boolean },
): TestEnvironment {
  return {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name: STAGING.environment, namespace: namespaces.test, labels },
    spec: {
      external: { connectionSecretRef: { name: STAGING.connectionSecret } },
      disruption: 'Forbidden',
      invasiveSuites: allowInvasive ? 'Allowed' : 'Forbidden',
      ttlSeconds: RUN_TTL_SECONDS,
    },
  };
}

/** The run. The operator deletes it a day after its end, even if it failed: the results are on the user's machine. */
export function stagingRun(namespaces: StagingNamespaces, request: Omit<RunRequest, 'environments'>) {
  const spec = {
    ...runSpec({ ...request, environments: [STAGING.environment] }),
    ttlSecondsAfterFinished: RUN_TTL_SECONDS,
    keepFailed: false,
  };
  const annotations = { [DEPLOYMENT_ANNOTATION]: namespaces.deployment };
  return runObject(namespaces.test, 'staging', spec, { labels, annotations });
}

/** References of the images that the cluster pulls. */
export interface StagingImages {
  operator: string;
  suites: string;
}

/** Values of charts/e2e-operator for an installation without a right outside of its namespace. */
export function stagingOperatorValues(
  namespaces: StagingNamespaces,
  images: StagingImages,
  more: { pullSecret?: string; runtimeImage?: string } = {},
): object {
  const { pullSecret, runtimeImage } = more;
  return {
    image: images.operator,
    suitesImage: images.suites,
    watchNamespaces: [namespaces.test],
    crds: { install: false },
    faultPolicy: { install: false },
    reportPolicy: { install: false },
    runPolicy: { install: false },
    // The user may not have the right to create them.
    networkPolicies: { enabled: false },
    ...(runtimeImage ? { runtimeImages: { 'backend-ai': runtimeImage } } : {}),
    ...(pullSecret ? { imagePullSecrets: [{ name: pullSecret }] } : {}),
  };
}
