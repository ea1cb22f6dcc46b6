import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { attachLine, imagesOf, Misused, type StagingWords, targetOf } from '../commands/staging.ts';
import { type Thing, thingLine, toDelete } from './leftovers.ts';
import { type Deployment, operatorState } from './operator-up.ts';
import { runToAttach } from './staging-pipeline.ts';

const words: StagingWords = {
  includeSlow: true,
  audit: true,
  allowInvasive: false,
  parallelism: 1,
  timeoutSeconds: 60,
  patienceSeconds: 10,
  keep: false,
  dryRun: false,
};

describe('what a staging run is given', () => {
  it('is requested by name when it is missing: no cluster is used by accident', () => {
    expect(() => targetOf(words, true)).to.throw(Misused, 'KUBECONFIG');
    expect(() => targetOf({ ...words, kubeconfig: 'a' }, true)).to.throw(Misused, 'NAMESPACE');
    expect(() => targetOf({ ...words, kubeconfig: 'a:b', deploymentNamespace: 'n' }, true)).to.throw(
      Misused,
      'several files',
    );
    expect(targetOf({ ...words, kubeconfig: 'a' }, false).namespaces.test).to.equal('backendai-e2e');
  });

  it('names both images or a registry', () => {
    expect(() => imagesOf(words)).to.throw(Misused, 'REGISTRY');
    expect(() => imagesOf({ ...words, operatorImage: 'o' })).to.throw(Misused, 'both');
    expect(imagesOf({ ...words, operatorImage: 'o', suitesImage: 's', registry: 'r.x' })).to.deep.equal({
      operator: 'o',
      suites: 's',
    });
    expect(imagesOf({ ...words, registry: 'r.example/' })).to.deep.equal({ registry: 'r.example' });
  });

  it('is enough to attach again', () => {
    const namespaces = { deployment: 'd', test: 't' };
    expect(attachLine({ kubeconfig: 'k', context: 'c', namespaces })).to.equal(
      './e2e attach --kubeconfig k --context c --test-namespace t',
    );
    expect(attachLine({ kubeconfig: 'k', namespaces: { ...namespaces, test: 'backendai-e2e' } })).to.equal(
      './e2e attach --kubeconfig k',
    );
  });
});

describe('the run to attach to', () => {
  const finished = run([suite('s', 'Passed')]);
  const at = (name: string, time: string, over = false) => ({
    ...finished,
    metadata: { ...finished.metadata, name, creationTimestamp: time },
    status: over ? finished.status : { phase: 'Running' },
  });

  it('is an active one, else the newest, else none', () => {
    const old = at('old', '2026-01-01T00:00:00Z');
    const young = at('young', '2026-01-02T00:00:00Z', true);
    expect(runToAttach({ runs: [young, old] as never })?.metadata.name).to.equal('old');
    expect(
      runToAttach({ runs: [at('older', '2025-01-01T00:00:00Z', true), young] as never })?.metadata.name,
    ).to.equal('young');
    expect(runToAttach({ runs: [] })).to.equal(undefined);
  });
});

describe('what is deleted at the end', () => {
  const thing = (kind: string, name: string, more: object = {}): Thing => ({
    kind,
    path: `/${kind}/${name}`,
    metadata: { name, uid: `${kind}-${name}`, ...more },
  });
  const owned = (kind: string, name: string, by: string) =>
    thing(kind, name, { labels: { 'e2e.backend.ai/run': 'r' }, ownerReferences: [{ uid: by }] });

  it('is what nothing else owns; pods go with their owners', () => {
    const things = [
      thing('TestRun', 'r'),
      owned('Job', 'j', 'TestRun-r'),
      thing('Deployment', 'd'),
      thing('Pod', 'p'),
      owned('Role', 'orphan', 'TestRun-gone'),
    ];
    expect(toDelete(things).map(({ path }) => path)).to.deep.equal([
      '/TestRun/r',
      '/Deployment/d',
      '/Role/orphan',
    ]);
  });

  it('excludes what is being deleted, and the Lease while an operator could recreate it', () => {
    const lease = thing('Lease', 'l');
    const going = thing('TestRun', 'r', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(toDelete([going, lease, thing('Pod', 'operator')])).to.deep.equal([]);
    expect(toDelete([going, lease, owned('Pod', 'suite', 'x')])).to.deep.equal([lease]);
  });

  it('is named with what holds it', () => {
    expect(thingLine(thing('TestEnvironment', 'e', { finalizers: ['a/b'] }))).to.equal(
      'TestEnvironment/e (held by finalizer a/b)',
    );
  });
});

describe('whether the operator is up', () => {
  const deployment = (status: Deployment['status']): Deployment => ({
    metadata: { name: 'o', generation: 2 },
    spec: { replicas: 1 },
    ...(status ? { status } : {}),
  });
  const up = { observedGeneration: 2, updatedReplicas: 1, availableReplicas: 1, replicas: 1 };
  const waiting = (reason: string, message: string) => ({
    metadata: { name: 'pod' },
    status: {
      containerStatuses: [{ name: 'operator', restartCount: 0, state: { waiting: { reason, message } } }],
    },
  });

  it('depends on the newest generation alone, after the old pods are gone', () => {
    expect(operatorState(deployment(up), []).up).to.equal(true);
    expect(operatorState(deployment({ ...up, observedGeneration: 1 }), []).up).to.equal(false);
    expect(operatorState(deployment({ ...up, replicas: 2 }), []).up).to.equal(false);
    expect(operatorState(undefined, []).why).to.include('no Deployment');
  });

  it('says why not, and whether waiting helps', () => {
    const pulling = operatorState(deployment({}), [waiting('ImagePullBackOff', 'no such host')]);
    expect(pulling).to.deep.equal({ up: false, stuck: true, why: 'pod pod: ImagePullBackOff: no such host' });
    expect(operatorState(deployment({}), [waiting('ContainerCreating', '')]).stuck).to.equal(false);
    expect(operatorState(deployment({}), [waiting('CrashLoopBackOff', 'x')]).stuck).to.equal(false);
    const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }];
    expect(operatorState(deployment({ conditions }), [])).to.include({ stuck: true });
    const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/3 nodes' };
    const pod = { metadata: { name: 'p' }, status: { conditions: [unscheduled] } };
    expect(operatorState(deployment({}), [pod]).why).to.equal('pod p: 0/3 nodes');
  });
});
