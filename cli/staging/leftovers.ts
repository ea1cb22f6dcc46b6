import { setTimeout as delay } from 'node:timers/promises';
import { LABELS, type ObjectMeta } from '@backendai-e2e/api/group';
import {
  FAULTS,
  TEST_ENVIRONMENTS,
  TEST_REPORTS,
  TEST_RUNS,
  TEST_SUITES,
} from '@backendai-e2e/api/resources';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { ApiError } from '@backendai-e2e/kube/api-error';
import type { Resource } from '@backendai-e2e/kube/object';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';
import { MADE_BY, STAGING } from './names.ts';

/** One object of this command in the cluster. */
export interface Thing {
  kind: string;
  path: string;
  metadata: ObjectMeta;
}

/** What a namespace contains before a run begins, or at "attach". */
export interface Holdings {
  /** ours: the mark of this command is on it. foreign: this command did not install it. */
  operator: 'none' | 'ours' | 'foreign';
  /** Runs that this command created. */
  runs: TestRun[];
}

const CATALOG = 'app.kubernetes.io/managed-by=backendai-e2e-catalog';
const MINE = `${MADE_BY.label}=${MADE_BY.value}`;
const OPERATOR = `app.kubernetes.io/name=e2e-operator,app.kubernetes.io/instance=${STAGING.release}`;
const ARTIFACT_SERVER = `app.kubernetes.io/name=e2e-artifacts,app.kubernetes.io/instance=${STAGING.release}`;
const LOOK_MS = 500;

/** The kinds to look for, in the order of the output. */
function searches(namespace: string): { kind: string; collection: string; selector: string }[] {
  const core = (plural: string) => corePath(namespace, plural);
  const apis = (group: string, plural: string) => `/apis/${group}/namespaces/${namespace}/${plural}`;
  const rbac = 'rbac.authorization.k8s.io/v1';
  const ours = (resource: Resource, selector: string) => ({
    kind: resource.kind,
    collection: pathOf(resource, { namespace }),
    selector,
  });
  return [
    ours(TEST_RUNS, MINE),
    ours(TEST_REPORTS, LABELS.run),
    ours(FAULTS, LABELS.run),
    ours(TEST_ENVIRONMENTS, MINE),
    ours(TEST_SUITES, CATALOG),
    { kind: 'Job', collection: apis('batch/v1', 'jobs'), selector: LABELS.run },
    ...[OPERATOR, ARTIFACT_SERVER].flatMap((selector) => [
      { kind: 'Deployment', collection: apis('apps/v1', 'deployments'), selector },
      { kind: 'Service', collection: core('services'), selector },
    ]),
    ...[LABELS.run, OPERATOR, ARTIFACT_SERVER].map((selector) => ({
      kind: 'Pod',
      collection: core('pods'),
      selector,
    })),
    ...[LABELS.run, OPERATOR].flatMap((selector) => [
      { kind: 'ServiceAccount', collection: core('serviceaccounts'), selector },
      { kind: 'Role', collection: apis(rbac, 'roles'), selector },
      { kind: 'RoleBinding', collection: apis(rbac, 'rolebindings'), selector },
    ]),
    { kind: 'ConfigMap', collection: core('configmaps'), selector: OPERATOR },
    ...[MINE, ARTIFACT_SERVER].map((selector) => ({ kind: 'Secret', collection: core('secrets'), selector })),
    { kind: 'Lease', collection: apis('coordination.k8s.io/v1', 'leases'), selector: '' },
  ];
}

/** Every object of a staging run that exists now. */
export async function ourThings(
  client: Pick<RestApi, 'get'>,
  namespace: string,
  signal: AbortSignal,
): Promise<Thing[]> {
  const found = await Promise.all(
    searches(namespace).map(async ({ kind, collection, selector }) => {
      const query = selector ? { labelSelector: selector } : {};
      const list = await client.get<KubeList<{ metadata: ObjectMeta }>>(collection, query, signal);
      return list.items
        .filter(({ metadata }) => kind !== 'Lease' || metadata.name === STAGING.operator)
        .map(({ metadata }) => ({ kind, path: `${collection}/${metadata.name}`, metadata }));
    }),
  );
  return found.flat();
}

/** Who installed the operator, and which runs this command created. */
export async function holdingsOf(
  client: Pick<RestApi, 'get'>,
  namespace: string,
  signal: AbortSignal,
): Promise<Holdings> {
  const releases = await client.get<KubeList<{ metadata: ObjectMeta }>>(
    corePath(namespace, 'secrets'),
    { labelSelector: 'owner=helm' },
    signal,
  );
  const deployments = await client.get<KubeList<{ metadata: ObjectMeta }>>(
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    { labelSelector: 'app.kubernetes.io/name=e2e-operator' },
    signal,
  );
  const runs = await client.get<KubeList<TestRun>>(
    pathOf(TEST_RUNS, { namespace }),
    { labelSelector: MINE },
    signal,
  );
  const marked = releases.items.some(({ metadata }) => metadata.labels?.[MADE_BY.label] === MADE_BY.value);
  const named = releases.items.some(({ metadata }) => metadata.labels?.name === STAGING.release);
  const operator = marked ? 'ours' : named || deployments.items.length > 0 ? 'foreign' : 'none';
  return { operator, runs: runs.items };
}

/**
 * Which of these things to delete now. Owned objects go with their owners, and the Lease is recreated by an operator
 * that still runs. Pure.
 */
export function toDelete(things: readonly Thing[]): Thing[] {
  const uids = new Set(things.map(({ metadata }) => metadata.uid));
  const operatorRuns = things.some(({ kind, metadata }) => kind === 'Pod' && !metadata.labels?.[LABELS.run]);
  return things.filter(
    ({ kind, metadata }) =>
      metadata.deletionTimestamp === undefined &&
      !(metadata.ownerReferences ?? []).some(({ uid }) => uids.has(uid)) &&
      kind !== 'Pod' &&
      !(kind === 'Lease' && operatorRuns),
  );
}

/** "TestRun/e2e-x1 (held by finalizer a/b)" */
export function thingLine({ kind, metadata }: Thing): string {
  const held = metadata.finalizers?.length ? ` (held by finalizer ${metadata.finalizers.join(', ')})` : '';
  return `${kind}/${metadata.name}${held}`;
}

/**
 * Deletes everything of a staging run in a namespace, and waits until it is gone.
 * @param uninstall ends the Helm release; what it cannot end is deleted one by one
 * @returns what is left after the deadline, a line each. Throws what the client throws.
 */
export async function removeAll(
  client: Pick<RestApi, 'get' | 'delete'>,
  namespace: string,
  options: {
    uninstall: () => Promise<void>;
    /** Waits for what the operator undoes in the deployment; resolves to what stays changed, a line each. */
    undone: (signal: AbortSignal) => Promise<string[]>;
    /** Waits for what the operator itself removes after its runs; resolves to what it left, a line each. */
    swept: (signal: AbortSignal) => Promise<string[]>;
    signal: AbortSignal;
    deadlineMs: number;
  },
): Promise<string[]> {
  const { signal } = options;
  const changed = await options.undone(signal);
  const until = performance.now() + options.deadlineMs;
  for (const run of (await ourThings(client, namespace, signal)).filter(({ kind }) => kind === 'TestRun')) {
    await gone(client.delete(run.path, signal));
  }
  const unswept = [...changed, ...(await options.swept(signal))];
  await options.uninstall();
  for (;;) {
    const things = await ourThings(client, namespace, signal);
    if (things.length === 0) return unswept;
    if (performance.now() > until) return [...unswept, ...things.map(thingLine)];
    for (const thing of toDelete(things)) await gone(client.delete(thing.path, signal));
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** What is not there any more needs no deletion. */
async function gone(deletion: Promise<unknown>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 404)) throw error;
  }
}
