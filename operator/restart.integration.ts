import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/final-report';
import { endOf } from '@backendai-e2e/tools/envtest/process-end';
import { type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

/** When the operator goes, in the course of a run of two suites. */
const MOMENTS = ['created', 'job', 'running', 'reported', 'between'] as const;

describe('an operator that goes in mid-run', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;

  before(async () => {
    stage = await startStage();
    await stage.suite('alpha', { retries: 1 });
    await stage.suite('beta');
  });
  after(() => stage?.stop());

  /** Every Job of a run that there ever was has one uid: a second one would show here. */
  async function jobsOf(run: string): Promise<string[]> {
    const labelSelector = `e2e.backend.ai/run=${run}`;
    const { items } = await stage.client.list(JOBS, { namespace: stage.namespace, labelSelector });
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
    await stage.environment(name);
    await stage.run(name, name);
    await moment('created');
    await until('the Job is there', async () => (await jobsOf(name)).length > 0);
    await moment('job');
    await stage.pod(`${name}-alpha-1`);
    await stage.report(`${name}-alpha-1`, { startedAt: new Date().toISOString() });
    await moment('running');
    await stage.report(`${name}-alpha-1`, finalReport('Failed'));
    await moment('reported');
    await stage.attempt(`${name}-alpha-2`, 'Passed');
    await moment('between');
    await stage.attempt(`${name}-beta-1`, 'Passed');
  }

  for (const moment of MOMENTS) {
    it(`stopped and started again (${moment}), comes to the same result`, async () => {
      const name = `stop-${moment}`;
      let operator = stage.startOperator();
      let jobs: string[] = [];
      await play(name, async (at) => {
        if (at !== moment) return;
        await operator.stop();
        jobs = await jobsOf(name);
        operator = stage.startOperator();
      });
      await expectUndisturbed(await stage.finished(name), jobs);
      await operator.stop();
    });
  }

  it('killed at each of these moments in turn, comes to the same result', async () => {
    let child = stage.startProcess();
    let jobs: string[] = [];
    await play('killed', async () => {
      child.kill('SIGKILL');
      await endOf(child);
      jobs = [...new Set([...jobs, ...(await jobsOf('killed'))])];
      child = stage.startProcess();
    });
    await expectUndisturbed(await stage.finished('killed'), jobs);
    child.kill('SIGTERM');
    expect(await endOf(child)).to.equal(0);
  });

  it('is overtaken by events while it is away, and catches up', async () => {
    const operator = stage.startOperator();
    await stage.environment('away');
    await stage.run('away', 'away', { suites: { names: ['beta'] } });
    await stage.pod('away-beta-1');
    await operator.stop();
    await stage.report('away-beta-1', finalReport('Passed'));
    await stage.client.delete(JOBS, { namespace: stage.namespace, name: 'away-beta-1' });
    const next = stage.startOperator();
    expect((await stage.finished('away')).status?.verdict).to.equal('Passed');
    await next.stop();
  });

  it('two at once, of which one leads, make every attempt once', async () => {
    const pair = ['one', 'two'].map((electionIdentity) => stage.startOperator({ electionIdentity }));
    await play('pair', async () => undefined);
    await expectUndisturbed(await stage.finished('pair'), []);
    for (const operator of pair) await operator.stop();
  });

  it('survives an API server that goes away and comes back', async () => {
    const operator = stage.startOperator();
    await play('outage', async (at) => {
      if (at !== 'running') return;
      await stage.plane.stopApiServer('kill');
      await stage.plane.startApiServer();
    });
    await expectUndisturbed(await stage.finished('outage'), []);
    await operator.stop();
  });
});
