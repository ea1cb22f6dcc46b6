import { request } from 'node:https';
import type { Condition } from '@backendai-e2e/api/conditions';
import { API_VERSION, KINDS } from '@backendai-e2e/api/group';
import { FAULTS, TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { pino } from 'pino';

interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

interface Observed extends KubeObject {
  status?: { conditions?: Condition[] };
}

describe('what people and programs see of the operator', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  const lines: LogLine[] = [];
  /** The label of every metric about runs. */
  let of: string;

  before(async () => {
    harness = await startOperatorHarness();
    of = `namespace="${harness.namespace}"`;
    await harness.environment('ext');
    await harness.suite('alpha', { retries: 1 });
    await harness.suite('beta');
    const stream = { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) };
    harness.startOperator({
      log: pino({ level: 'info', formatters: { level: (level) => ({ level }) } }, stream),
    });
    await harness.run('seen', 'ext');
    await harness.pod('seen-alpha-1');
    await harness.run('waiting', 'ext', { suites: { names: ['beta'] } });
    await until('it is queued', async () => (await harness.getRun('waiting'))?.status?.phase === 'Queued');
  });
  after(() => harness?.stop());

  async function metrics(): Promise<string> {
    const port = lines.find(({ msg }) => msg.startsWith('serving probes and metrics'))?.port;
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    return answer.text();
  }

  /** Asks the API server as kubectl does. */
  function get(path: string, accept: string): Promise<unknown> {
    const { token, authority: ca } = harness.plane.user('admin');
    const headers = { accept, authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const call = request(`${harness.plane.url}${path}`, { ca, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
        answer.on('error', reject);
      });
      call.on('error', reject);
      call.end();
    });
  }

  it('metrics: the depth of the queue now', async () => {
    const wanted = ['Queued', 'Running'].map((phase) => `e2e_runs_active{${of},phase="${phase}"} 1`);
    await until('one run that waits and one that runs are counted', async () => {
      const text = await metrics();
      if (wanted.every((line) => text.includes(line))) return true;
      throw new Error(
        text
          .split('\n')
          .filter((line) => line.startsWith('e2e_runs_active'))
          .join('; '),
      );
    });
  });

  it('metrics: runs, suites, tests and flakes by verdict, and seconds, when they have ended', async () => {
    await harness.report('seen-alpha-1', finalReport('Failed'));
    await harness.attempt('seen-alpha-2', 'Passed');
    await harness.attempt('seen-beta-1', 'Passed');
    await harness.finished('seen');
    await harness.attempt('waiting-beta-1', 'Failed');
    await harness.finished('waiting');
    const text = await until('the last run is counted', async () => {
      const now = await metrics();
      return now.includes(`e2e_runs_total{${of},verdict="Failed"} 1`) && now;
    });
    const samples = [
      `e2e_runs_total{${of},verdict="Flaky"} 1`,
      `e2e_suites_total{${of},suite="alpha",verdict="Flaky"} 1`,
      `e2e_suites_total{${of},suite="beta",verdict="Passed"} 1`,
      `e2e_suites_total{${of},suite="beta",verdict="Failed"} 1`,
      `e2e_flakes_total{${of},suite="alpha"} 1`,
      `e2e_tests_total{${of},state="passed"} 2`,
      `e2e_tests_total{${of},state="failed"} 1`,
      `e2e_suite_seconds_sum{${of},suite="alpha"} 1.5`,
      `e2e_run_seconds_count{${of},verdict="Failed"} 1`,
      `e2e_run_queue_wait_seconds_count{${of}} 2`,
    ];
    for (const sample of samples) expect(text).to.include(sample);
    expect(text).to.match(/e2e_operator_reconcile_total\{controller="testrun",result="success"\} \d+/);
    for (const name of ['reconcile_seconds', 'queue_wait_seconds', 'queue_depth', 'api_requests_total']) {
      expect(text, name).to.include(`e2e_operator_${name}`);
    }
  });

  it('logs: a line for each transition, with the ids of run, suite and attempt', () => {
    const about = (fields: Record<string, unknown>) =>
      lines.filter((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
    const story = about({ run: 'seen', suite: 'alpha' }).map(({ reason, attempt }) => [reason, attempt]);
    expect(story).to.deep.equal([
      ['SuiteStarted', 1],
      ['SuiteStarted', 2],
      ['SuiteFlaky', 2],
    ]);
    expect(about({ run: 'seen', suite: 'alpha', verdict: 'Flaky' })[0]).to.deep.include({ seconds: 1.5 });
    expect(about({ run: 'waiting' }).map(({ reason }) => reason)).to.include.members([
      'EnvironmentBusy',
      'Started',
      'SuitesFailed',
    ]);
    expect(about({ run: 'waiting', reason: 'SuitesFailed' })[0]?.level).to.equal('warn');
    expect(about({ environment: 'ext', reason: 'External' }).length).to.be.greaterThan(0);
  });

  it('events: each transition of a run and of an environment', async () => {
    await harness.hasEvents('waiting', [
      'EnvironmentBusy',
      'Started',
      'SuiteStarted',
      'SuiteFailed',
      'AllReportsFinal',
      'SuitesFailed',
    ]);
    await harness.hasEvents('ext', ['External']);
  });

  it('conditions: every one says for which generation it was observed', async () => {
    await harness.run('odd', 'ext', { grep: '(' });
    await harness.finished('odd');
    await harness.client.create(FAULTS, {
      metadata: { name: 'refused', namespace: harness.namespace },
      spec: { environmentRef: { name: 'ext' }, target: { component: 'manager' }, podDelete: {} },
    });
    const { namespace } = harness;
    const seen = await until('the fault has a condition', async () => {
      const lists = await Promise.all([
        harness.client.list(TEST_RUNS, { namespace }),
        harness.client.list(TEST_ENVIRONMENTS, { namespace }),
        harness.client.list(TEST_REPORTS, { namespace }),
        harness.client.list(FAULTS, { namespace }),
      ]);
      const objects: Observed[] = lists.flatMap<Observed>(({ items }) => items);
      const fault = objects.find(({ metadata }) => metadata.name === 'refused');
      return fault?.status?.conditions !== undefined && objects;
    });
    const conditions = seen.flatMap(({ kind, metadata, status }) =>
      (status?.conditions ?? []).map((condition: Condition) => ({ kind, metadata, condition })),
    );
    expect(conditions.length).to.be.greaterThan(10);
    for (const { kind, metadata, condition } of conditions) {
      expect(condition.observedGeneration, `${kind} ${metadata.name} ${condition.type}`).to.equal(
        metadata.generation,
      );
    }
  });

  it('kubectl: short names, the category e2e and columns', async () => {
    const list = (await get(`/apis/${API_VERSION}`, 'application/json')) as {
      resources: { name: string; shortNames?: string[]; categories?: string[] }[];
    };
    for (const { plural, shortNames } of Object.values(KINDS)) {
      const resource = list.resources.find(({ name }) => name === plural);
      expect(resource?.categories, plural).to.deep.equal(['e2e']);
      expect(resource?.shortNames, plural).to.deep.equal([...shortNames]);
    }
    const path = `/apis/${API_VERSION}/namespaces/${harness.namespace}/testruns/seen`;
    const table = (await get(path, 'application/json;as=Table;v=v1;g=meta.k8s.io')) as {
      columnDefinitions: { name: string; priority: number }[];
      rows: { cells: unknown[] }[];
    };
    const shown = table.columnDefinitions.map(({ name }, index) => [name, table.rows[0]?.cells[index]]);
    expect(Object.fromEntries(shown)).to.deep.include({
      Name: 'seen',
      Phase: 'Succeeded',
      Verdict: 'Flaky',
      Suites: 2,
      Done: 2,
      Passed: 2,
      Failed: 0,
      Environment: 'ext',
    });
  });
});
