import { writeFileSync } from 'node:fs';
import { TEST_SUITES } from '@backendai-e2e/api/resources';
import { catalogFile } from '@backendai-e2e/tools/envtest/operator-chart';
import { type RunningOperator, type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

describe('the catalog of suites', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;
  let operator: RunningOperator;
  let catalog: string;

  before(async () => {
    stage = await startStage();
    catalog = await catalogFile(stage.plane.folder);
    operator = stage.startOperator({ catalog });
  });
  after(() => stage?.stop());

  const names = async () => {
    const { items } = await stage.client.list(TEST_SUITES, { namespace: stage.namespace });
    return items.map(({ metadata }) => metadata.name);
  };

  it('of the chart is accepted by the API server as a whole', async () => {
    await until('the suites are stored', async () => (await names()).includes('bench-one-test'));
    const suite = await stage.client.get(TEST_SUITES, { namespace: stage.namespace, name: 'bench-one-test' });
    expect(suite?.spec).to.deep.include({ image: 'suites:test', onDemand: true, files: ['bench/one-test'] });
    expect(suite?.metadata.labels).to.include({ 'e2e.backend.ai/area': 'bench' });
  });

  it('is there before the first run looks for its suites, and what left it is deleted', async () => {
    await operator.stop();
    await stage.suite('by-hand', { onDemand: true });
    writeFileSync(catalog, JSON.stringify([{ name: 'new-suite', spec: { files: ['a/b'], image: 'i' } }]));
    await stage.environment('ext');
    await stage.run('early', 'ext');
    operator = stage.startOperator({ catalog });
    await stage.attempt('early-new-suite-1', 'Passed');
    const run = await stage.finished('early');
    expect(run.status?.suites?.map((line) => line.name)).to.deep.equal(['new-suite']);
    await until('what left the catalog is deleted', async () => {
      const there = (await names()).sort().join(', ');
      if (there !== 'by-hand, new-suite') throw new Error(there);
      return true;
    });
  });
});
