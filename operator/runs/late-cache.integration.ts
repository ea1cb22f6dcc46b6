import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { RUN_CONDITIONS } from '@backendai-e2e/api/test-run';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
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

describe('a run that a user changes while its first attempt starts', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let proxy: FaultInjectingProxy;
  let operator: RunningOperator;

  before(async () => {
    harness = await startOperatorHarness();
    proxy = await startFaultInjectingProxy(harness.plane);
    await harness.suite('alpha');
  });
  after(async () => {
    await harness?.stop();
    await proxy?.stop();
  });

  beforeEach(() => start());
  afterEach(() => operator.stop());

  function start(): void {
    operator = harness.startOperator({ kubeConfig: through(proxy, harness.options().kubeConfig) });
  }

  /** Changes the spec of a new run between its first attempt and its status. Meanwhile the operator hears of no report. */
  async function changed(name: string, spec: object): Promise<{ goOn: () => void; hear: () => void }> {
    const { promise: written, resolve: goOn } = Promise.withResolvers<void>();
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
    const isStatus = ({ method, path }: HeldPiece) =>
      method === 'PATCH' && path.includes(`/testruns/${name}/status`);
    proxy.hold = (piece) => {
      if (/\/testreports\?.*watch=/.test(piece.path)) return heard;
      return piece.of === 'request' && isStatus(piece) ? written : undefined;
    };
    await harness.run(name, name);
    await harness.pod(`${name}-alpha-1`);
    await harness.client.mergePatch(TEST_RUNS, { namespace: harness.namespace, name }, { spec });
    return { goOn, hear };
  }

  /** Waits until a run is decided, and returns its condition Queued. */
  const decided = (name: string) =>
    until(`${name} is decided`, async () =>
      conditionOf((await harness.getRun(name))?.status?.conditions, RUN_CONDITIONS.queued),
    );

  it('stops the attempt when it is cancelled', async () => {
    await harness.environment('cancelled');
    const { goOn, hear } = await changed('cancelled', { cancel: true });
    goOn();
    const run = await harness.finished('cancelled');
    const report = await harness.getReport('cancelled-alpha-1');
    hear();
    expect(run.status?.verdict).to.equal('Interrupted');
    expect(report?.status).to.deep.include({ final: true, reason: 'Cancelled' });
    const at = { namespace: harness.namespace, name: 'cancelled-alpha-1' };
    await until('its Job is gone', async () => (await harness.client.get(JOBS, at)) === undefined);
  });

  it('keeps its environment when it is suspended', async () => {
    await harness.environment('first');
    const { goOn, hear } = await changed('first', { suspend: true });
    await harness.run('second', 'first');
    goOn();
    const seen = await decided('second');
    hear();
    expect(seen).to.deep.include({ status: 'True', reason: 'EnvironmentBusy' });
    await harness.attempt('first-alpha-1', 'Passed');
    expect((await harness.finished('first')).status?.verdict).to.equal('Passed');
    await harness.attempt('second-alpha-1', 'Passed');
    expect((await harness.finished('second')).status?.verdict).to.equal('Passed');
  });

  it('keeps its environment when the operator dies before it wrote that the run started', async () => {
    await harness.environment('left');
    await changed('left', { suspend: true });
    await operator.stop();
    await harness.run('earlier', 'left');
    // The next operator hears of the reports last: it takes up the runs in the order of their names.
    proxy.hold = ({ path, of }) => (of === 'answer' && /\/testreports\?/.test(path) ? delay(500) : undefined);
    start();
    expect(await decided('earlier')).to.deep.include({ reason: 'EnvironmentBusy' });
    await harness.attempt('left-alpha-1', 'Passed');
    await harness.attempt('earlier-alpha-1', 'Passed');
    expect((await harness.finished('earlier')).status?.verdict).to.equal('Passed');
  });

  it('stops the attempt when the operator dies, and its suite is deleted', async () => {
    await harness.environment('gone');
    await changed('gone', {});
    await operator.stop();
    await harness.client.delete(TEST_SUITES, { namespace: harness.namespace, name: 'alpha' });
    proxy.hold = () => undefined;
    start();
    await harness.finished('gone');
    const at = { namespace: harness.namespace, name: 'gone-alpha-1' };
    await until('its Job is gone', async () => (await harness.client.get(JOBS, at)) === undefined);
    expect((await harness.getReport('gone-alpha-1'))?.status).to.deep.include({ reason: 'RunEnded' });
  });
});
