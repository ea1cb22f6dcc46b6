import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { makeTinyReady } from '@backendai-e2e/tools/envtest/operator/tiny-chart';
import {
  type FaultInjectingProxy,
  startFaultInjectingProxy,
  through,
} from '@backendai-e2e/tools/envtest/proxies/fault-injecting-proxy';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** Longer than the times to live below. */
const LATER_MS = 4_000;

describe('an operator that hears of changes late', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let proxy: FaultInjectingProxy;

  before(async () => {
    harness = await startOperatorHarness();
    proxy = await startFaultInjectingProxy(harness.plane);
    await harness.suite('alpha');
    harness.startOperator({ kubeConfig: through(proxy, harness.options().kubeConfig) });
  });
  after(async () => {
    await harness?.stop();
    await proxy?.stop();
  });

  /** Holds back what the watches of a resource say. Returns their release. */
  function deaf(resource: string): () => void {
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
    const isWatch = new RegExp(`/${resource}\\?.*watch=`);
    proxy.hold = ({ path, of }) => (of === 'answer' && isWatch.test(path) ? heard : undefined);
    return hear;
  }

  const readyIs = (name: string, reason: string): Promise<TestEnvironment> =>
    until(`environment ${name} is ${reason}`, async () => {
      const environment = await harness.getEnvironment(name);
      const ready = conditionOf(environment?.status?.conditions, 'Ready');
      if (environment && ready?.reason === reason) return environment;
      throw new Error(JSON.stringify(ready));
    });

  it('does not delete an environment at the end of its time to live that a run asks for', async () => {
    await harness.environment('asked', { external: {}, ttlSeconds: 2 });
    await readyIs('asked', 'External');
    const hear = deaf('testruns');
    await harness.run('asked', 'asked');
    await delay(LATER_MS);
    hear();
    await harness.attempt('asked-alpha-1', 'Passed');
    expect((await harness.finished('asked')).status?.verdict).to.equal('Passed');
  });

  it('does not delete a run at the end of its time to live that is kept longer', async () => {
    await harness.environment('kept');
    await harness.run('kept', 'kept', { ttlSecondsAfterFinished: 2 });
    await harness.attempt('kept-alpha-1', 'Passed');
    await harness.finished('kept');
    // By then the operator has heard of the end.
    await delay(500);
    const hear = deaf('testruns');
    const at = { namespace: harness.namespace, name: 'kept' };
    await harness.client.mergePatch(TEST_RUNS, at, { spec: { ttlSecondsAfterFinished: 3_600 } });
    await delay(LATER_MS);
    hear();
    expect(await harness.getRun('kept')).to.have.nested.property('spec.ttlSecondsAfterFinished', 3_600);
  });

  it('does not take an upgraded deployment for ready before it is', async () => {
    const chart = { name: 'tiny', values: { image: 'real:1' } };
    await harness.environment('upgraded', { chart, disruption: 'Allowed' });
    const namespace = harness.deploymentNamespace('upgraded');
    await readyIs('upgraded', 'ComponentsNotReady');
    await makeTinyReady(harness.client, namespace);
    const before = await readyIs('upgraded', 'AllReady');
    const hear = deaf('deployments');
    const at = { namespace: harness.namespace, name: 'upgraded' };
    const spec = { chart: { values: { replicas: 3 } } };
    await harness.client.mergePatch(TEST_ENVIRONMENTS, at, { spec });
    const after = await until('it is upgraded', async () => {
      const environment = await harness.getEnvironment('upgraded');
      return environment?.status?.valuesHash !== before.status?.valuesHash && environment;
    });
    hear();
    expect(conditionOf(after.status?.conditions, 'Ready')).to.deep.include({ reason: 'ComponentsNotReady' });
    await makeTinyReady(harness.client, namespace, 3);
    await readyIs('upgraded', 'AllReady');
  });
});
