import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { RUN_CONDITIONS } from '@backendai-e2e/api/test-run';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import {
  type FaultInjectingProxy,
  type HeldPiece,
  startFaultInjectingProxy,
  through,
} from '@backendai-e2e/tools/envtest/proxies/fault-injecting-proxy';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
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

describe('a run whose list of the other runs is late', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let proxy: FaultInjectingProxy;

  before(async () => {
    harness = await startOperatorHarness();
    proxy = await startFaultInjectingProxy(harness.plane);
    await harness.suite('alpha');
    harness.startOperator({ kubeConfig: through(proxy, harness.options().kubeConfig), runsPerUser: 1 });
  });
  after(async () => {
    await harness?.stop();
    await proxy?.stop();
  });

  it('does not start beside a run of its user that the list lacks', async () => {
    const isList = ({ path, of }: HeldPiece) => of === 'answer' && /\/testruns\?.*fieldSelector/.test(path);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let lists = 0;
    proxy.hold = (piece) => (isList(piece) && ++lists > 0 ? released : undefined);
    await harness.environment('slow');
    await harness.run('slow', 'slow');
    await until('its list is on the way', () => lists > 0);
    proxy.hold = () => undefined;
    await harness.environment('quick');
    await harness.run('quick', 'quick');
    await harness.pod('quick-alpha-1');
    release();
    const queued = async () =>
      conditionOf((await harness.getRun('slow'))?.status?.conditions, RUN_CONDITIONS.queued);
    const seen = await until('the other run is decided', queued);
    expect(seen).to.deep.include({ status: 'True', reason: 'UserBusy' });
    await harness.attempt('quick-alpha-1', 'Passed');
    await harness.attempt('slow-alpha-1', 'Passed');
    expect((await harness.finished('slow')).status?.verdict).to.equal('Passed');
  });
});
