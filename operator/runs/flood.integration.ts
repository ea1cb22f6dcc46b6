import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import {
  type FaultInjectingProxy,
  startFaultInjectingProxy,
  through,
} from '@backendai-e2e/tools/envtest/proxies/fault-injecting-proxy';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** Environments of the flood, more than the runs that are reconciled at once. */
const FLOODED = 12;
/** Suites of each of its runs, all at once. */
const SUITES = 40;
/** Runs that wait for one environment. */
const QUEUED = 20;

describe('a flood of runs', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let proxy: FaultInjectingProxy;

  before(async () => {
    harness = await startOperatorHarness();
    proxy = await startFaultInjectingProxy(harness.plane);
    await harness.suite('ordinary', { onDemand: true });
  });
  after(async () => {
    await harness?.stop();
    await proxy?.stop();
  });
  const start = () => harness.startOperator({ kubeConfig: through(proxy, harness.options().kubeConfig) });

  it('reads all runs once for each run that joins a queue, not for each that waits in it', async () => {
    await harness.environment('busy');
    for (let number = 0; number < QUEUED; number += 1) {
      const name = `queued-${String(number).padStart(2, '0')}`;
      await harness.run(name, 'busy', { suites: { names: ['ordinary'] } });
    }
    let lists = 0;
    proxy.rule = ({ path }) => {
      if (path.includes('/testruns?') && path.includes('finishedAt')) lists += 1;
      return undefined;
    };
    const operator = start();
    const waiting = async () => {
      const { items } = await harness.client.list(TEST_RUNS, { namespace: harness.namespace });
      return items.filter(({ status }) => status?.phase === 'Queued').length;
    };
    await until('all but the first are queued', async () => (await waiting()) === QUEUED - 1);
    lists = 0;
    for (let done = 0; done < 5; done += 1) {
      const at = { namespace: harness.namespace, name: `queued-0${done}` };
      await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
      await until('the next run has started', async () => (await waiting()) === QUEUED - 2 - done);
    }
    await operator.stop();
    // Those that start read them, and perhaps again after a conflict.
    expect(lists, 'lists of runs after five ends').to.be.within(5, 25);
  });

  it('lets a run in another environment start between its attempts', async () => {
    const names = Array.from({ length: SUITES }, (_, index) => `flood-${index}`);
    await Promise.all(names.map((name) => harness.suite(name, { onDemand: true })));
    for (let number = 0; number < FLOODED; number += 1) {
      await harness.environment(`flood-${number}`);
      await harness.run(`flood-${number}`, `flood-${number}`, { suites: { names }, parallelism: SUITES });
    }
    await harness.environment('ordinary');
    await harness.run('ordinary', 'ordinary', { suites: { names: ['ordinary'] } });
    const operator = start();
    const ordinary = { namespace: harness.namespace, name: 'ordinary-ordinary-1' };
    await until('the ordinary run has its attempt', () => harness.client.get(JOBS, ordinary));
    const { items } = await harness.client.list(JOBS, { namespace: harness.namespace });
    await operator.stop();
    expect(items.length, `of ${FLOODED * SUITES} attempts`).to.be.lessThan((FLOODED * SUITES) / 2);
  });
});
