import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestRunSpec } from '@backendai-e2e/api/test-run';
import { isForbidden } from '@backendai-e2e/kube/api-error';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { helmPath } from '@backendai-e2e/tools/envtest/processes/pinned-tools';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { execa } from 'execa';
import { type ScheduledRunParts, scheduledRun } from './scheduled-run.ts';

const CHART = 'charts/e2e-operator';

describe('a scheduled run against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let operator: RunningOperator;
  /** With exactly the rights that the chart grants. */
  let client: KubeClient;
  const told: string[] = [];

  before(async () => {
    harness = await startOperatorHarness();
    const values = 'image=operator:1,suitesImage=suites:1,schedule.cron=30 2 * * *';
    const render = ['template', 'e2e-operator', CHART, '--namespace', harness.namespace, '--set', values];
    const { stdout } = await execa(helmPath(), [...render, '--show-only', 'templates/schedule.yaml']);
    // Also proves that the API server takes the CronJob.
    await harness.plane.applyYaml(stdout);
    client = new KubeClient(
      (await harness.plane.serviceAccount(harness.namespace, 'backendai-e2e-tick')).kubeConfig,
    );
    await harness.environment('ext');
    await harness.suite('alpha');
    operator = harness.startOperator();
  });
  after(async () => {
    await client?.close();
    await harness?.stop();
  });

  /** The Job of a scheduled run, as the CronJob controller, which does not run here, creates it. */
  async function job(name: string): Promise<string> {
    const made = await harness.client.create(JOBS, {
      metadata: { name, namespace: harness.namespace },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'scheduled-run', image: 'x:1' }] } },
      },
    });
    return made.metadata.uid ?? '';
  }

  function parts(name: string, uid: string, spec: Partial<TestRunSpec> = {}): ScheduledRunParts {
    return {
      client,
      settings: {
        name,
        uid,
        namespace: harness.namespace,
        spec: { environmentRef: { name: 'ext' }, suites: { names: ['alpha'] }, ...spec },
        labels: { origin: 'schedule' },
      },
      tell: (line) => told.push(line),
      signal: AbortSignal.timeout(LAST_RESORT_MS),
    };
  }

  it('ends with 0 when its run passed; the run carries its labels', async () => {
    const ending = scheduledRun(parts('passes-1', await job('passes-1')));
    await harness.attempt('passes-1-alpha-1', 'Passed');
    expect(await ending).to.deep.include({ code: 0 });
    expect((await harness.getRun('passes-1'))?.metadata.labels).to.deep.include({ origin: 'schedule' });
    expect(told).to.include('alpha: Passed');
  });

  it('ends with 1 when its run failed, and names the suite', async () => {
    const ending = scheduledRun(parts('fails-1', await job('fails-1')));
    await harness.attempt('fails-1-alpha-1', 'Failed');
    const { code, sentence } = await ending;
    expect(code).to.equal(1);
    expect(sentence).to.contain('SuitesFailed').and.contain('alpha');
  });

  it('ends with 2 and the words of the API server when the template makes no run', async () => {
    const spec = { timeoutSeconds: -1 };
    const { code, sentence } = await scheduledRun(parts('wrong-1', await job('wrong-1'), spec));
    expect(code).to.equal(2);
    expect(sentence).to.contain('spec.timeoutSeconds');
  });

  it('finds its run again when its pod was replaced, and never makes a second', async () => {
    const uid = await job('again-1');
    const first = new AbortController();
    const interrupted = scheduledRun({ ...parts('again-1', uid), signal: first.signal }).catch(() => 'ended');
    const run = await until('the run is there', () => harness.getRun('again-1'));
    first.abort(new Error('the node went away'));
    expect(await interrupted).to.equal('ended');
    const second = scheduledRun(parts('again-1', uid));
    await harness.attempt('again-1-alpha-1', 'Passed');
    expect(await second).to.deep.include({ code: 0 });
    expect((await harness.getRun('again-1'))?.metadata.uid).to.equal(run.metadata.uid);
  });

  it('does not adopt a run with another owner', async () => {
    await harness.run('taken-1', 'ext', { suites: { names: ['alpha'] } });
    const { code, sentence } = await scheduledRun(parts('taken-1', await job('taken-1')));
    expect(code).to.equal(2);
    expect(sentence).to.contain('was not created by this Job');
    await harness.attempt('taken-1-alpha-1', 'Passed');
  });

  it('outlasts an API server that goes away and comes back', async () => {
    const ending = scheduledRun(parts('outage-1', await job('outage-1')));
    await harness.pod('outage-1-alpha-1');
    await harness.plane.stopApiServer('kill');
    await harness.plane.startApiServer();
    await harness.attempt('outage-1-alpha-1', 'Passed');
    const { code, sentence } = await ending;
    expect(code, sentence).to.equal(0);
  });

  it('goes with its Job: the history of the CronJob is that of the runs', async () => {
    await harness.client.delete(JOBS, { namespace: harness.namespace, name: 'passes-1' });
    await until('the run is gone', async () => (await harness.getRun('passes-1')) === undefined);
  });

  it('does not wait for an operator that is down; the run does not start at noon instead', async () => {
    await operator.stop();
    const late = { ...parts('down-1', await job('down-1'), { startDeadlineSeconds: 1 }), graceSeconds: 1 };
    const { code, sentence } = await scheduledRun(late);
    expect(code).to.equal(2);
    expect(sentence).to.contain('no operator took up the run within 1 s');
    operator = harness.startOperator();
    const run = await harness.finished('down-1');
    expect(run.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason).to.equal('MissedStart');
    expect(run.status?.startedAt).to.equal(undefined);
  });

  it('may do nothing but create, get and watch runs', async () => {
    const at = { namespace: harness.namespace, name: 'fails-1' };
    const tries = [
      () => client.list(TEST_RUNS, { namespace: harness.namespace }),
      () => client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } }),
      () => client.delete(TEST_RUNS, at),
      () => client.list(JOBS, { namespace: harness.namespace }),
    ];
    for (const attempt of tries) {
      const error: unknown = await attempt().then(
        () => undefined,
        (caught: unknown) => caught,
      );
      expect(isForbidden(error), String(error)).to.equal(true);
    }
  });
});
