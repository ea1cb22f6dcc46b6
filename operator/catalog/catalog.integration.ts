import { writeFileSync } from 'node:fs';
import { TEST_SUITES } from '@backendai-e2e/api/resources';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { catalogFile } from '@backendai-e2e/tools/envtest/operator/operator-chart';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('the catalog of suites', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let operator: RunningOperator;
  let catalog: string;

  before(async () => {
    harness = await startOperatorHarness();
    catalog = await catalogFile(harness.plane.folder);
    operator = harness.startOperator({ catalog });
  });
  after(() => harness?.stop());

  const names = async () => {
    const { items } = await harness.client.list(TEST_SUITES, { namespace: harness.namespace });
    return items.map(({ metadata }) => metadata.name);
  };

  it('of the chart is accepted by the API server as a whole', async () => {
    await until('the suites are stored', async () => (await names()).includes('bench-one-test'));
    const suite = await harness.client.get(TEST_SUITES, {
      namespace: harness.namespace,
      name: 'bench-one-test',
    });
    expect(suite?.spec).to.deep.include({ image: 'suites:test', onDemand: true, files: ['bench/one-test'] });
    expect(suite?.metadata.labels).to.include({ 'e2e.backend.ai/area': 'bench' });
  });

  it('is there before the first run looks for its suites, and what left it is deleted', async () => {
    await operator.stop();
    await harness.suite('by-hand', { onDemand: true });
    writeFileSync(catalog, JSON.stringify([{ name: 'new-suite', spec: { files: ['a/b'], image: 'i' } }]));
    await harness.environment('ext');
    await harness.run('early', 'ext');
    operator = harness.startOperator({ catalog });
    await harness.attempt('early-new-suite-1', 'Passed');
    const run = await harness.finished('early');
    expect(run.status?.suites?.map((line) => line.name)).to.deep.equal(['new-suite']);
    await until('what left the catalog is deleted', async () => {
      const there = (await names()).sort().join(', ');
      if (there !== 'by-hand, new-suite') throw new Error(there);
      return true;
    });
  });
});
