import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { CONFIG_MAPS, DEPLOYMENTS, JOBS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { CrashInjector, differencesFromTable } from '@backendai-e2e/tools/envtest/operator/crash-injector';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('an operator that dies at every write', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let crashes: CrashInjector;

  before(async () => {
    harness = await startOperatorHarness();
    kubelet = await startKubelet(harness.plane);
    crashes = new CrashInjector(harness);
    await harness.suite('alpha', { retries: 1 });
    await harness.suite('beta');
    await harness.suite('gamma', { onDemand: true });
    await harness.suite('audit', { last: true, onDemand: true });
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
  });

  async function jobsOf(run: string): Promise<string[]> {
    const labelSelector = `e2e.backend.ai/run=${run}`;
    const { items } = await harness.client.list(JOBS, { namespace: harness.namespace, labelSelector });
    return items.map(({ metadata }) => metadata.name.slice(run.length + 1)).sort();
  }

  it('of a run with a retry: the same verdict, every attempt once', async () => {
    const died = await crashes.afterEveryWrite('run', async (name) => {
      await harness.environment(name);
      await harness.run(name, name);
      for (const [attempt, verdict] of [
        ['alpha-1', 'Failed'],
        ['alpha-2', 'Passed'],
        ['beta-1', 'Passed'],
      ] as const) {
        await until(`${name}-${attempt} has a pod`, () => harness.pod(`${name}-${attempt}`));
        await harness.report(`${name}-${attempt}`, finalReport(verdict));
      }
      const run = await harness.finished(name);
      expect(run.status?.verdict).to.equal('Flaky');
      expect(run.status?.suites?.map(({ verdict, attempt }) => [verdict, attempt])).to.deep.equal([
        ['Flaky', 2],
        ['Passed', 1],
      ]);
      expect(await jobsOf(name)).to.deep.equal(['alpha-1', 'alpha-2', 'beta-1']);
    });
    for (const kind of ['jobs', 'testreports', 'serviceaccounts', 'roles', 'rolebindings']) {
      for (const time of [1, 2, 3]) expect(died).to.include(`create ${kind}, time ${time}`);
    }
    expect(died).to.include.members(['apply testruns/status, time 1', 'apply testruns/status, time 4']);
    expect(differencesFromTable('run with a retry', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });

  it('of a run over two environments: every attempt once, and in one environment from its report to its end', async () => {
    const died = await crashes.afterEveryWrite(
      'slots',
      async (name) => {
        const [one, two] = [`${name}-a`, `${name}-b`];
        for (const environment of [one, two]) {
          await harness.environment(environment);
          const ready = async () =>
            conditionOf((await harness.getEnvironment(environment))?.status?.conditions, 'Ready')?.status ===
            'True';
          await until(`${environment} is ready`, ready);
        }
        const refs = { moreEnvironmentRefs: [{ name: two }] };
        const suites = { names: ['alpha', 'beta', 'gamma', 'audit'] };
        await harness.run(name, one, { ...refs, suites });
        const attempt = async (which: string) => {
          await until(`${name}-${which} has a pod`, () => harness.pod(`${name}-${which}`));
          await harness.report(`${name}-${which}`, finalReport('Passed'));
        };
        await until('alpha runs', () => harness.pod(`${name}-alpha-1`));
        await attempt('beta-1');
        // The first environment becomes free as soon as an attempt in the second has begun. A reconcile after that would
        // choose otherwise.
        await until('gamma is begun', () => harness.getReport(`${name}-gamma-1`));
        await harness.report(`${name}-alpha-1`, finalReport('Passed'));
        await attempt('gamma-1');
        await attempt('audit-1');
        await attempt(`audit-${two}-1`);
        const run = await harness.finished(name);
        expect(run.status?.suites?.map((line) => [line.name, line.environment, line.verdict])).to.deep.equal([
          ['alpha', one, 'Passed'],
          ['beta', two, 'Passed'],
          ['gamma', two, 'Passed'],
          ['audit', one, 'Passed'],
          [`audit-${two}`, two, 'Passed'],
        ]);
        const jobs = ['alpha-1', 'audit-1', `audit-${two}-1`, 'beta-1', 'gamma-1'];
        expect(await jobsOf(name)).to.deep.equal(jobs);
        for (const job of jobs) {
          const at = { namespace: harness.namespace, name: `${name}-${job}` };
          const env = (await harness.client.get(JOBS, at))?.spec?.template?.spec?.containers?.[0]?.env ?? [];
          const where = env.find((each) => each.name === 'E2E_ENVIRONMENT')?.value;
          expect(where, job).to.equal((await harness.getReport(at.name))?.spec.environment);
        }
        // An attempt's rights are not of one environment.
      },
      /testruns|testreports|jobs/,
    );
    for (const kind of ['jobs', 'testreports']) {
      for (const time of [1, 2, 3, 4, 5]) expect(died).to.include(`create ${kind}, time ${time}`);
    }
    expect(differencesFromTable('run over two environments', died)).to.deep.equal({
      undocumented: [],
      unseen: [],
    });
  });

  it('of a run that is cancelled: its report closed, its log kept, its Job ended', async () => {
    const died = await crashes.afterEveryWrite('cancel', async (name) => {
      await harness.environment(name);
      await harness.run(name, name, { suites: { names: ['alpha'] } });
      const attempt = { namespace: harness.namespace, name: `${name}-alpha-1` };
      const pod = await until(`${name} has a pod`, () => harness.pod(attempt.name));
      await kubelet.bind(pod);
      kubelet.log(pod, 'suite', 'it was here\n');
      await harness.client.mergePatch(
        TEST_RUNS,
        { namespace: harness.namespace, name },
        { spec: { cancel: true } },
      );
      const run = await harness.finished(name);
      expect(run.status?.suites?.[0]).to.deep.include({ verdict: 'Interrupted', reason: 'Cancelled' });
      await until('the Job is gone', async () => !(await harness.client.get(JOBS, attempt)));
      const report = await harness.getReport(attempt.name);
      expect(report?.status).to.deep.include({ final: true, reason: 'Cancelled' });
      expect(conditionOf(report?.status?.conditions, 'Archived')?.status).to.equal('True');
      expect((await harness.client.get(CONFIG_MAPS, attempt))?.binaryData).to.have.property('suite.log.gz');
    });
    for (const write of ['apply testreports/status', 'create configmaps', 'delete jobs']) {
      expect(died).to.include(`${write}, time 1`);
    }
    expect(differencesFromTable('run that is cancelled', died)).to.deep.equal({
      undocumented: [],
      unseen: [],
    });
  });

  it('of an environment that is deployed: the release is there, and the way to it', async () => {
    const chart = { name: 'tiny', values: { image: 'real:1' } };
    const died = await crashes.afterEveryWrite('env', async (name) => {
      await harness.environment(name, { chart });
      const status = await until(`${name} is deployed`, async () => {
        const environment = await harness.getEnvironment(name);
        const deployed = conditionOf(environment?.status?.conditions, 'Deployed');
        const ready = conditionOf(environment?.status?.conditions, 'Ready');
        if (deployed?.status === 'True' && ready?.reason === 'ComponentsNotReady') return environment?.status;
        throw new Error(JSON.stringify(environment?.status));
      });
      expect(status).to.deep.include({
        namespace: harness.deploymentNamespace(name),
        connectionSecret: `${name}-connection`,
      });
      const at = { namespace: harness.deploymentNamespace(name), name: 'manager' };
      expect(await harness.client.get(DEPLOYMENTS, at)).to.have.nested.property('spec.replicas', 2);
      const copy = { namespace: harness.namespace, name: `${name}-connection` };
      expect(await harness.client.get(SECRETS, copy)).to.have.nested.property('data.connection\\.json');
    });
    for (const write of ['create namespaces', 'create rolebindings', 'apply secrets']) {
      expect(died).to.include(`${write}, time 1`);
    }
    expect(differencesFromTable('environment', died)).to.deep.equal({ undocumented: [], unseen: [] });
  });
});
