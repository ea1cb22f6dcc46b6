import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { Cluster, type Stored, unreachable } from './cluster-fixtures.ts';

describe('a staging run', () => {
  it('continues in the cluster when the connection is lost, and can be attached to', async () => {
    const cluster = new Cluster();
    let finished: TestRun | undefined;
    cluster.finish = (created) => {
      finished = { ...run([suite('s', 'Passed')]), metadata: created.metadata };
      cluster.reachable = false;
      const { status: _, ...going } = finished;
      return going;
    };
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('continues there').and.include('./e2e attach');
    expect(cluster.did).not.to.include.members(['collect', 'uninstall']);
    expect(cluster.made).to.include.members(['testruns', 'testenvironments', 'deployments']);

    cluster.reachable = true;
    expect((await cluster.run()).ending.sentence).to.include('is active in namespace t');
    const [path] = [...cluster.objects.keys()].filter((key) => key.includes('/testruns/'));
    if (path && finished) cluster.objects.set(path, finished as unknown as Stored);
    expect((await cluster.attach()).ending.code).to.equal(COMMAND_EXIT.passed);
    expect(cluster.made).to.deep.equal([]);
    expect((await cluster.attach()).ending.sentence).to.include('there is no run');
  });

  it('says how to remove what is left when the cluster goes away before there is a run', async () => {
    const cluster = new Cluster();
    cluster.atInstall = () => {
      cluster.reachable = false;
      throw new Error('helm ended with code 1');
    };
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('"./e2e attach" removes what is left');
    cluster.reachable = true;
    const { sentence } = (await cluster.attach()).ending;
    expect(sentence).to.include('what an earlier command left there is removed');
    expect(cluster.made).to.deep.equal([]);
  });

  it('keeps everything when the cluster becomes unreachable before the results are fetched', async () => {
    const cluster = new Cluster();
    cluster.collect = async () => {
      cluster.reachable = false;
      throw unreachable();
    };
    const { ending } = await cluster.run();
    expect(ending.code).to.equal(COMMAND_EXIT.couldNotRun);
    expect(ending.sentence).to.include('./e2e attach');
    expect(cluster.made).to.include.members(['testruns', 'deployments']);
  });
});
