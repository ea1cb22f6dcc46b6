import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { RestClient } from '@backendai-e2e/kube/rest-client';
import {
  type ControlPlane,
  startControlPlane,
} from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { defaultCacheDir, PROJECT_ROOT, type Provision } from '../machine/provision.ts';
import { stagingEffects } from './effects.ts';
import { holdingsOf, ourThings, removeAll } from './leftovers.ts';
import { STAGING, type StagingNamespaces } from './names.ts';
import { stagingOperatorValues } from './objects.ts';
import { lookBefore, NotPrepared, type Preflight, refuseUnprepared } from './preflight.ts';
import { type Rule, rightsManifest } from './rights.ts';
import { untilSwept } from './swept.ts';

const namespaces: StagingNamespaces = { deployment: 'bai', test: 'e2e-of-jane' };
const signal = AbortSignal.timeout(LAST_RESORT_MS);
const provision: Provision = { log: () => {}, signal, cacheDir: defaultCacheDir() };

/** Milliseconds until what is deleted has to be gone. */
const PATIENCE_MS = 240_000;

/** The texts of an error that has to come. */
function refusal(found: Preflight): NotPrepared {
  try {
    refuseUnprepared(found, namespaces);
  } catch (error) {
    if (error instanceof NotPrepared) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a restricted user before a staging run, against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let jane: RestClient;
  let admin: RestClient;
  const look = (who = jane) => lookBefore(who, namespaces, { signal });

  before(async () => {
    // One of its own: it has another user, and no CRDs at first.
    plane = await startControlPlane({ users: [{ name: 'jane' }], controllerManager: true });
    jane = new RestClient(plane.user('jane').kubeConfig, { fieldManager: FIELD_MANAGERS.cli });
    admin = new RestClient(plane.kubeConfig(), { fieldManager: FIELD_MANAGERS.cli });
    await plane.createNamespace(namespaces.deployment);
    // The API server creates its own roles shortly after it is ready.
    await until('everybody may see what is served', () => jane.get('/apis').then(() => true));
  });
  after(async () => {
    await jane?.close();
    await admin?.close();
    await plane?.stop();
  });

  it('learns everything that is missing and what an administrator runs; nothing is created', async () => {
    const error = refusal(await look());
    expect(error.message).to.include('does not know the kind testruns.e2e.backend.ai/v1alpha1');
    expect(error.message).to.include(
      'get, list, create, update, patch, delete secrets in namespace e2e-of-jane',
    );
    expect(error.message).to.include('patch testreports.e2e.backend.ai/status in namespace e2e-of-jane');
    expect(error.message).not.to.include('services in namespace bai');
    const commands = error.remedy
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
    expect(commands).to.deep.equal([
      'kubectl apply --server-side --force-conflicts -f charts/e2e-operator/files/crds',
      'kubectl get namespace e2e-of-jane || kubectl create namespace e2e-of-jane',
      './e2e staging --namespace bai --test-namespace e2e-of-jane --print-rights jane | kubectl apply -f -',
    ]);
  });

  it('reports a missing namespace once it may read it', async () => {
    await plane.createNamespace(namespaces.test);
    await plane.applyYaml(rightsManifest(namespaces, 'jane'));
    expect(await look()).to.include({ user: 'jane', namespace: 'found' });
    const elsewhere = { deployment: 'bai', test: 'nowhere' };
    const found = await lookBefore(admin, elsewhere, { signal });
    expect(found.namespace).to.equal('absent');
    expect(found.missing).to.deep.equal([]);
  });

  it('lacks nothing when an administrator has run those commands', async () => {
    const folder = path.join(PROJECT_ROOT, STAGING.crds);
    for (const file of readdirSync(folder))
      await plane.applyYaml(readFileSync(path.join(folder, file), 'utf8'));
    const found = await look();
    expect(found).to.deep.include({ missingKinds: [], missing: [] });
    expect(refuseUnprepared(found, namespaces)).to.deep.equal([]);
  });

  it('learns of a single missing verb, and of nothing else', async () => {
    await withRole(plane, 'test', (rules) =>
      rules.map((rule) =>
        rule.resources.includes('jobs')
          ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') }
          : rule,
      ),
    );
    expect(
      refusal(await look())
        .message.split('\n')
        .slice(1),
    ).to.deep.equal([
      '  missing right: create jobs.batch in namespace e2e-of-jane (a Job for each attempt of a suite)',
    ]);
    await plane.applyYaml(rightsManifest(namespaces, 'jane'));
  });

  it('may continue without optional rights, and learns what is lost', async () => {
    await withRole(plane, 'deployment', (rules) =>
      rules.filter(({ resources }) => !resources.includes('pods/log')),
    );
    expect(refuseUnprepared(await look(), namespaces)).to.deep.equal([
      "get pods/log in namespace bai (explain failures; without it, failures are reported without the components' logs)",
    ]);
    await plane.applyYaml(rightsManifest(namespaces, 'jane'));
  });

  it('installs the operator with these rights alone, recognizes it, and leaves nothing', async () => {
    const target = { kubeconfig: plane.user('jane').kubeconfigPath, namespaces };
    const effects = stagingEffects(target, undefined);
    const values = stagingOperatorValues(namespaces, {
      operator: 'registry.test/operator:1',
      suites: 'registry.test/suites:1',
    });
    expect(await holdingsOf(jane, namespaces.test, signal)).to.deep.equal({ operator: 'none', runs: [] });
    await effects.install(values, provision);
    expect(await holdingsOf(jane, namespaces.test, signal)).to.deep.equal({ operator: 'ours', runs: [] });
    const kinds = (await ourThings(jane, namespaces.test, signal)).map(({ kind }) => kind);
    expect(kinds).to.include.members([
      'Deployment',
      'ServiceAccount',
      'Role',
      'RoleBinding',
      'ConfigMap',
      'Secret',
    ]);
    const uninstall = () => effects.uninstall(provision);
    const swept = () => untilSwept(jane, namespaces.test, { signal, deadlineMs: PATIENCE_MS });
    expect(
      await removeAll(jane, namespaces.test, {
        uninstall,
        undone: async () => [],
        swept,
        signal,
        deadlineMs: PATIENCE_MS,
      }),
    ).to.deep.equal([]);
    expect(await namesIn(admin, namespaces.test)).to.deep.equal([
      'roles/backendai-e2e-staging',
      'rolebindings/backendai-e2e-staging',
      'serviceaccounts/default',
    ]);
  });

  it('removes a half-made installation, which Helm cannot', async () => {
    const target = { kubeconfig: plane.user('jane').kubeconfigPath, namespaces };
    const effects = stagingEffects(target, undefined);
    await effects.install(
      stagingOperatorValues(namespaces, { operator: 'r.test/o:1', suites: 'r.test/s:1' }),
      provision,
    );
    const uninstall = async () => {};
    const swept = async () => [];
    expect(
      await removeAll(jane, namespaces.test, {
        uninstall,
        undone: async () => [],
        swept,
        signal,
        deadlineMs: PATIENCE_MS,
      }),
    ).to.deep.equal([]);
    expect(await holdingsOf(jane, namespaces.test, signal)).to.deep.equal({ operator: 'none', runs: [] });
    expect(await namesIn(admin, namespaces.test)).to.deep.equal([
      'roles/backendai-e2e-staging',
      'rolebindings/backendai-e2e-staging',
      'serviceaccounts/default',
    ]);
  });

  it('recognizes an operator that this command did not install', async () => {
    await plane.applyYaml(`{apiVersion: v1, kind: Secret, metadata: {name: sh.helm.release.v1.e2e-operator.v1,
      namespace: ${namespaces.test}, labels: {owner: helm, name: e2e-operator}}}`);
    expect(await holdingsOf(jane, namespaces.test, signal)).to.deep.equal({ operator: 'foreign', runs: [] });
  });
});

/** Applies the documented rights with the rules of one Role changed. */
async function withRole(
  plane: ControlPlane,
  place: keyof StagingNamespaces,
  change: (rules: Rule[]) => Rule[],
): Promise<void> {
  for (const document of parseAllDocuments(rightsManifest(namespaces, 'jane'))) {
    const object: { kind: string; metadata: { namespace: string }; rules?: Rule[] } = document.toJS();
    if (object.kind !== 'Role' || object.metadata.namespace !== namespaces[place]) continue;
    await plane.applyYaml(JSON.stringify({ ...object, rules: change(object.rules ?? []) }));
  }
}

/** What a user with all rights finds in the namespace. */
async function namesIn(admin: RestClient, namespace: string): Promise<string[]> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const core = `/api/v1/namespaces/${namespace}`;
  const collections = [
    `${rbac}/roles`,
    `${rbac}/rolebindings`,
    `${core}/serviceaccounts`,
    `${core}/secrets`,
    `${core}/services`,
    `${core}/configmaps`,
    `${core}/pods`,
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
  ];
  const found = await Promise.all(
    collections.map(async (collection) => {
      const list = await admin.get<{ items: { metadata: { name: string } }[] }>(collection);
      return list.items.map(({ metadata }) => `${collection.split('/').at(-1)}/${metadata.name}`);
    }),
  );
  return found.flat();
}
