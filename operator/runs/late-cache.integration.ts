import { setTimeout as delay } from 'node:timers/promises';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import {
  type FaultInjectingProxy,
  startFaultInjectingProxy,
  through,
} from '@backendai-e2e/tools/envtest/proxies/fault-injecting-proxy';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** Longer than a run waits for an environment that does not exist. */
const LATE_MS = 15_000;

describe('a run whose environment the operator hears of late', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let proxy: FaultInjectingProxy;

  before(async () => {
    harness = await startOperatorHarness();
    proxy = await startFaultInjectingProxy(harness.plane);
    await harness.suite('alpha');
  });
  after(async () => {
    await harness?.stop();
    await proxy?.stop();
  });

  it('waits for it, and does not end as if there were none', async () => {
    harness.startOperator({ kubeConfig: through(proxy, harness.options().kubeConfig) });
    await harness.environment('first');
    await harness.run('first', 'first');
    await harness.attempt('first-alpha-1', 'Passed');
    await harness.finished('first');
    // Lists and watches fail, and reads of one environment do not.
    proxy.rule = ({ path }) => (/\/testenvironments\?/.test(path) ? { code: 503 } : undefined);
    proxy.cut();
    await harness.environment('late');
    await harness.run('late', 'late');
    await delay(LATE_MS);
    expect(JSON.stringify((await harness.getRun('late'))?.status)).to.not.include('EnvironmentNotFound');
    proxy.rule = () => undefined;
    await harness.attempt('late-alpha-1', 'Passed');
    expect((await harness.finished('late')).status?.verdict).to.equal('Passed');
  });
});
