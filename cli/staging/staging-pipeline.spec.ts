import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { Cluster } from './cluster-fixtures.ts';

describe('a staging run', () => {
  it('passes, fetches the results, and leaves nothing', async () => {
    const cluster = new Cluster();
    const { ending } = await cluster.run();
    expect(ending, ending.sentence).to.include({ code: COMMAND_EXIT.passed });
    expect(cluster.made).to.deep.equal([]);
    const order = [
      'install',
      'apply Secret',
      'apply TestEnvironment',
      'apply Secret',
      'create TestRun',
      'collect',
      'uninstall',
    ];
    expect(cluster.did.filter((step) => order.includes(step))).to.deep.equal(order);
  });

  it('leaves the credentials to the environment, which the operator deletes a day after its last run', async () => {
    const cluster = new Cluster();
    await cluster.run({ keep: true });
    const found = (end: string) => [...cluster.objects].find(([path]) => path.endsWith(end))?.[1];
    const environment = found('/testenvironments/staging');
    expect(environment).to.have.nested.property('spec.ttlSeconds', 86_400);
    expect(found('/secrets/staging-connection')?.metadata.ownerReferences).to.deep.equal([
      {
        apiVersion: 'e2e.backend.ai/v1alpha1',
        kind: 'TestEnvironment',
        name: 'staging',
        uid: environment?.metadata.uid,
        controller: true,
      },
    ]);
  });

  it('ends with 1 for a suite that failed, and leaves nothing either', async () => {
    const cluster = new Cluster();
    cluster.finish = () => run([suite('s', 'Failed')], { status: 'False', reason: 'SuitesFailed' });
    expect((await cluster.run()).ending.code).to.equal(COMMAND_EXIT.failed);
    expect(cluster.made).to.deep.equal([]);
  });

  it('creates nothing when a right is missing, and names it', async () => {
    const cluster = new Cluster();
    cluster.denied = ['create jobs'];
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('missing right: create jobs.batch in namespace t');
    expect(cluster.did).to.deep.equal([]);
  });

  it('creates nothing in a dry run, next to a foreign operator, or without credentials', async () => {
    const dry = new Cluster();
    expect((await dry.run({ dryRun: true })).ending.code).to.equal(COMMAND_EXIT.passed);
    const foreign = new Cluster();
    const labels = { owner: 'helm', name: 'e2e-operator' };
    foreign.put('/api/v1/namespaces/t/secrets/helm.e2e-operator.v1', { metadata: { labels } });
    expect((await foreign.run()).ending.sentence).to.include('another TEST_NAMESPACE');
    const poor = new Cluster();
    poor.objects.delete('/api/v1/namespaces/bai/secrets/creds');
    const { sentence } = (await poor.run()).ending;
    expect(sentence).to.include('postgres').and.include('bai/creds');
    expect([...dry.did, ...foreign.did, ...poor.did]).to.deep.equal([]);
  });

  it('is cancelled by Ctrl-C and removed', async () => {
    const cluster = new Cluster();
    cluster.finish = (created) => {
      const { status: _, ...going } = run([suite('s', 'Passed')]);
      setTimeout(() => cluster.signals.emit('SIGINT', 'SIGINT'), 5);
      return { ...going, metadata: created.metadata };
    };
    const { ending } = await cluster.run({ patienceSeconds: 5 });
    expect(ending.code).to.equal(COMMAND_EXIT.interrupted);
    expect(cluster.did).to.include('patch {"spec":{"cancel":true}}').and.not.include('collect');
    expect(cluster.made).to.deep.equal([]);
  });

  it('removes first what an earlier command left behind', async () => {
    const cluster = new Cluster();
    cluster.put('/api/v1/namespaces/t/secrets/helm.e2e-operator.v1', {
      metadata: { labels: { owner: 'helm', name: 'e2e-operator', 'e2e.backend.ai/made-by': 'staging' } },
    });
    expect((await cluster.run()).ending.code).to.equal(COMMAND_EXIT.passed);
    expect(cluster.did.indexOf('uninstall')).to.be.lessThan(cluster.did.indexOf('install'));
  });

  it('keeps operator and run when asked to', async () => {
    const cluster = new Cluster();
    expect((await cluster.run({ keep: true })).ending.code).to.equal(COMMAND_EXIT.passed);
    expect(cluster.made).to.include.members(['testruns', 'deployments', 'testsuites']);
  });
});
