import { conditionOf } from '@backendai-e2e/api/conditions';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { FAULTS, TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { KubeClient } from '@backendai-e2e/kube/client';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

const RUNNER = { fieldManager: FIELD_MANAGERS.runner, force: true };
const LIE: TestReportStatus = {
  artifacts: [
    {
      name: 'suite.log',
      service: 'elsewhere/backendai-e2e-artifacts:http',
      key: `${'0'.repeat(64)}.0.suite.log.gz`,
      bytes: 1,
      sha256: '0'.repeat(64),
    },
  ],
};

describe('what the account of an attempt may write', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  const suites: KubeClient[] = [];

  before(async () => {
    harness = await startOperatorHarness();
    harness.startOperator();
    await harness.suite('alpha');
    // The API server needs a moment for a new policy. Each lie differs: one that is written again changes nothing.
    const { write, said } = await attempt('probe');
    let bytes = 0;
    await until('the policy refuses', async () => {
      bytes += 1;
      const answer = await said(
        write({ artifacts: LIE.artifacts?.map((each) => ({ ...each, bytes })) ?? [] }),
      );
      if (!/its results only/.test(answer)) throw new Error(answer);
      return true;
    });
  });
  after(async () => {
    for (const suite of suites) await suite.close();
    await harness?.stop();
  });

  /** Starts a run; resolves to the client of its attempt once its rights are known. */
  async function attempt(run: string) {
    // Runs of one environment wait for each other.
    await harness.environment(run);
    await harness.run(run, run, { suites: { names: ['alpha'] } });
    const name = `${run}-alpha-1`;
    await harness.pod(name);
    const access = await harness.plane.serviceAccount(harness.namespace, name);
    const client = new KubeClient(access.kubeConfig);
    suites.push(client);
    const at = { namespace: harness.namespace, name };
    const write = (status: TestReportStatus, options: { fieldManager: string; force: boolean } = RUNNER) =>
      client.applyStatus(TEST_REPORTS, { metadata: at, status }, options);
    const said = (request: Promise<unknown>): Promise<string> => request.then(() => 'accepted', String);
    // Its rights come beside its pod.
    await until('its rights are known', async () => {
      const answer = await said(write({ current: 'x' }));
      if (answer !== 'accepted') throw new Error(answer);
      return true;
    });
    return { name, at, client, write, said };
  }

  it('is its results, also a second time after the last one', async () => {
    const { write, name } = await attempt('results');
    await write({ current: 'adds', startedAt: new Date().toISOString() });
    const waits = [{ file: 'area/file', title: 'adds', what: 'an answer', seconds: 6.5, times: 1 }];
    await write({ ...finalReport('Passed'), waits, pod: 'a-pod', updatedAt: new Date().toISOString() });
    await write({ ...finalReport('Failed'), pod: 'a-pod', updatedAt: new Date().toISOString() });
    expect((await harness.getReport(name))?.status).to.include({ final: true, verdict: 'Failed' });
  });

  it('is neither artifacts nor conditions, also by a patch and under the name of the operator', async () => {
    const { at, client, write, said } = await attempt('fields');
    const patch = (status: object, metadata: object = {}) =>
      said(client.mergePatch(TEST_REPORTS, at, { metadata, status }, { subresource: 'status' }));
    expect(await said(write(LIE))).to.match(/its results only/);
    expect(await said(write({ firstCause: 'the operator' }))).to.match(/its results only/);
    const now = new Date().toISOString();
    const archived = {
      type: 'Archived',
      status: 'True',
      reason: 'X',
      message: '',
      lastTransitionTime: now,
    } as const;
    expect(await said(write({ conditions: [archived] }))).to.match(/its results only/);
    expect(await patch(LIE)).to.match(/forbidden|denied/);
    for (const fieldManager of [FIELD_MANAGERS.operator, FIELD_MANAGERS.artifactCollector]) {
      expect(await said(write({ current: 'x' }, { fieldManager, force: true }))).to.match(
        /as the field manager/,
      );
    }
    expect(await patch({ current: 'x' }, { managedFields: [{}] })).to.match(/as the field manager|take over/);
  });

  it('is no metadata and no report of another, and neither can it delete its report', async () => {
    const { at, client, said } = await attempt('metadata');
    const finalizers = { metadata: { finalizers: ['example.org/stay'] } };
    const refused = [
      client.mergePatch(TEST_REPORTS, at, finalizers),
      client.delete(TEST_REPORTS, at),
      client.applyStatus(
        TEST_REPORTS,
        { metadata: { ...at, name: 'results-alpha-1' }, status: { current: 'x' } },
        RUNNER,
      ),
    ];
    for (const answer of await Promise.all(refused.map(said))) expect(answer).to.match(/forbidden/i);
    // A Role of an earlier version gives the right to patch the whole report. The policy still refuses it.
    const rule = { apiGroups: ['e2e.backend.ai'], resources: ['testreports'], verbs: ['patch', 'delete'] };
    await harness.grant('earlier', [rule], [at.name]);
    await until('the policy refuses what the earlier Role allows', async () => {
      const answer = await said(client.mergePatch(TEST_REPORTS, at, finalizers));
      if (!/nothing else of it/.test(answer)) throw new Error(answer);
      return true;
    });
    expect(await said(client.delete(TEST_REPORTS, at))).to.match(/nothing else of it/);
  });

  it('is no place outside of the artifact server, for any account, by the schema', async () => {
    const at = { namespace: harness.namespace, name: 'schema' };
    const spec = { run: 'schema', suite: 'alpha', attempt: 1 };
    await harness.client.create(TEST_REPORTS, { metadata: at, spec });
    const [good] = LIE.artifacts ?? [];
    if (!good) throw new Error('the sample has no artifact');
    const wrong = [
      { key: 'a?/../../../Makefile' },
      { key: '../x' },
      { name: '../x' },
      { name: '.hidden' },
      { service: 'ns/evil:80' },
      { service: 'ns/backendai-e2e-artifacts:http/../x' },
      { sha256: 'x' },
    ];
    const write = (artifact: typeof good) =>
      harness.client
        .applyStatus(TEST_REPORTS, { metadata: at, status: { artifacts: [artifact] } }, RUNNER)
        .then(() => 'accepted', String);
    for (const part of wrong) expect(await write({ ...good, ...part })).to.match(/should match/);
    expect(await write(good)).to.equal('accepted');
  });

  it('is nothing more once the operator closed the report', async () => {
    const { write, said, name } = await attempt('closed');
    const pod = await harness.pod(name);
    await harness.podEnded(pod, 137, 'OOMKilled');
    await until('the operator closed it', async () => (await harness.getReport(name))?.status?.final);
    expect(await said(write(finalReport('Passed')))).to.match(/has closed|is archived/);
    expect((await harness.getReport(name))?.status?.verdict).to.equal('Interrupted');
  });

  it('is nothing more once the report is archived', async () => {
    const { write, said, name } = await attempt('archived');
    const pod = await harness.pod(name);
    await write(finalReport('Failed'));
    await harness.podEnded(pod, 1);
    await until('it is archived', async () =>
      conditionOf((await harness.getReport(name))?.status?.conditions, 'Archived'),
    );
    expect(await said(write(finalReport('Passed')))).to.match(/is archived/);
  });

  it('is a Fault, without the finalizer by which the operator heals it', async () => {
    const { client, said, name } = await attempt('faults');
    // As a disruptive suite may.
    const rule = { apiGroups: ['e2e.backend.ai'], resources: ['faults'], verbs: ['patch'] };
    await harness.grant('disruptive', [rule], [name]);
    const fault = { namespace: harness.namespace, name: 'own' };
    await harness.client.create(FAULTS, {
      metadata: { ...fault, labels: { 'e2e.backend.ai/report': name }, finalizers: ['example.org/heal'] },
      spec: { environmentRef: { name: 'faults' }, target: { component: 'manager' }, pause: {} },
    });
    await until('the suite may change its Fault', () =>
      client.mergePatch(FAULTS, fault, { spec: { heal: true } }),
    );
    expect(await said(client.mergePatch(FAULTS, fault, { metadata: { finalizers: [] } }))).to.match(
      /may not change the finalizers/,
    );
    await harness.client.mergePatch(FAULTS, fault, { metadata: { finalizers: [] } });
  });
});
