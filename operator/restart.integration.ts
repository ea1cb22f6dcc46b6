import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { endOf } from '@backendai-e2e/tools/envtest/processes/process-end';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** When the operator goes, in the course of a run of two suites. */
const MOMENTS = ['created', 'job', 'running', 'reported', 'between'] as const;

describe('an operator that goes in mid-run', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha', { retries: 1 });
    await harness.suite('beta');
  });
  after(() => harness?.stop());

  /** Every Job of a run that there ever was has one uid: a second one would show here. */
  async function jobsOf(run: string): Promise<string[]> {
    const labelSelector = `e2e.backend.ai/run=${run}`;
    const { items } = await harness.client.list(JOBS, { namespace: harness.namespace, labelSelector });
    return items.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort();
  }

  async function expectUndisturbed(run: TestRun, jobs: readonly string[]): Promise<void> {
    const name = run.metadata.name;
    expect(run.status).to.deep.include({ phase: 'Succeeded', verdict: 'Flaky' });
    expect(run.status?.suites?.map((line) => [line.name, line.verdict, line.attempt])).to.deep.equal([
      ['alpha', 'Flaky', 2],
      ['beta', 'Passed', 1],
    ]);
    const after = await jobsOf(name);
    expect(after.map((job) => job.split(' ')[0])).to.deep.equal([
      `${name}-alpha-1`,
      `${name}-alpha-2`,
      `${name}-beta-1`,
    ]);
    for (const job of jobs) expect(after).to.include(job);
  }

  /** Plays the suites; `moment` is called when the run has come to that point, and may take its time. */
  async function play(name: string, moment: (at: (typeof MOMENTS)[number]) => Promise<void>): Promise<void> {
    await harness.environment(name);
    await harness.run(name, name);
    await moment('created');
    await until('the Job is there', async () => (await jobsOf(name)).length > 0);
    await moment('job');
    await harness.pod(`${name}-alpha-1`);
    await harness.report(`${name}-alpha-1`, { startedAt: new Date().toISOString() });
    await moment('running');
    await harness.report(`${name}-alpha-1`, finalReport('Failed'));
    await moment('reported');
    await harness.attempt(`${name}-alpha-2`, 'Passed');
    await moment('between');
    await harness.attempt(`${name}-beta-1`, 'Passed');
  }

  for (const moment of MOMENTS) {
    it(`stopped and started again (${moment}), comes to the same result`, async () => {
      const name = `stop-${moment}`;
      let operator = harness.startOperator();
      let jobs: string[] = [];
      await play(name, async (at) => {
        if (at !== moment) return;
        await operator.stop();
        jobs = await jobsOf(name);
        operator = harness.startOperator();
      });
      await expectUndisturbed(await harness.finished(name), jobs);
      await operator.stop();
    });
  }

  it('killed at each of these moments in turn, comes to the same result', async () => {
    let child = harness.startProcess();
    let jobs: string[] = [];
    await play('killed', async () => {
      child.kill('SIGKILL');
      await endOf(child);
      jobs = [...new Set([...jobs, ...(await jobsOf('killed'))])];
      child = harness.startProcess();
    });
    await expectUndisturbed(await harness.finished('killed'), jobs);
    child.kill('SIGTERM');
    expect(await endOf(child)).to.equal(0);
  });

  it('is overtaken by events while it is away, and catches up', async () => {
    const operator = harness.startOperator();
    await harness.environment('away');
    await harness.run('away', 'away', { suites: { names: ['beta'] } });
    await harness.pod('away-beta-1');
    await operator.stop();
    await harness.report('away-beta-1', finalReport('Passed'));
    await harness.client.delete(JOBS, { namespace: harness.namespace, name: 'away-beta-1' });
    const next = harness.startOperator();
    expect((await harness.finished('away')).status?.verdict).to.equal('Passed');
    await next.stop();
  });

  it('two at once, of which one leads, make every attempt once', async () => {
    const pair = ['one', 'two'].map((electionIdentity) => harness.startOperator({ electionIdentity }));
    await play('pair', async () => undefined);
    await expectUndisturbed(await harness.finished('pair'), []);
    for (const operator of pair) await operator.stop();
  });

  it('survives an API server that goes away and comes back', async () => {
    const operator = harness.startOperator();
    await play('outage', async (at) => {
      if (at !== 'running') return;
      await harness.plane.stopApiServer('kill');
      await harness.plane.startApiServer();
    });
    await expectUndisturbed(await harness.finished('outage'), []);
    await operator.stop();
  });
});
