import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARTIFACTS_PATH, pathTo } from '@backendai-e2e/api/artifact-key';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import {
  type RunningArtifactServer,
  startArtifactServer,
} from '@backendai-e2e/tools/envtest/servers/artifact-server';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { request } from 'undici';

/** Room for one log of this test (50 KB when compressed), for events, and for the history of the runs. */
const QUOTA = 120_000;
/** Random, so that compression halves it at most. */
const log = () => `${randomBytes(45_000).toString('hex')}\n`;

describe('an artifact server that is full', function () {
  this.timeout(LAST_RESORT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'e2e-full-'));
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let server: RunningArtifactServer;

  before(async () => {
    harness = await startOperatorHarness();
    kubelet = await startKubelet(harness.plane);
    server = await startArtifactServer(harness, folder, QUOTA);
    await harness.environment('ext');
    await harness.suite('alpha');
    harness.startOperator({ artifactServer: server.access });
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Plays a run whose suite prints a log. Resolves to the report once it is archived. */
  async function played(name: string): Promise<TestReport> {
    await harness.run(name, 'ext', { suites: { names: ['alpha'] } });
    const attempt = `${name}-alpha-1`;
    const pod = await harness.pod(attempt);
    await kubelet.bind(pod);
    kubelet.log(pod, 'suite', log());
    await harness.report(attempt, finalReport('Passed'));
    await harness.podEnded(pod, 0);
    const report = await harness.archived(attempt);
    expect((await harness.finished(name)).status?.verdict).to.equal('Passed');
    return report;
  }

  const archived = ({ status }: TestReport) => conditionOf(status?.conditions, 'Archived');
  const namesIn = ({ status }: TestReport) => status?.artifacts?.map(({ name }) => name);

  it('shows in a condition and an event, keeps what it has, and later takes more', async () => {
    const first = await played('first');
    expect(archived(first)).to.deep.include({ status: 'True' });
    const second = await played('second');
    expect(archived(second)).to.deep.include({ status: 'False', reason: 'StoreFull' });
    expect(archived(second)?.message).to.match(/^suite\.log not kept: .*507: the volume is full/);
    expect(namesIn(second)).to.deep.equal(['events.txt']);
    await harness.hasEvents('second-alpha-1', ['StoreFull']);

    const { name: report, namespace = '', uid = '' } = first.metadata;
    const held = first.status?.artifacts ?? [];
    const answerTo = (key: string) =>
      request(`${server.access.url}${ARTIFACTS_PATH}/${pathTo({ namespace, report, uid, key })}`);
    for (const { key, bytes } of held) {
      const { body } = await answerTo(key);
      expect((await body.arrayBuffer()).byteLength, key).to.equal(bytes);
    }
    await harness.client.delete(TEST_RUNS, { namespace: harness.namespace, name: 'first' });
    await until('the artifacts of the first run are gone', async () => {
      const answers = await Promise.all(held.map(({ key }) => answerTo(key)));
      await Promise.all(answers.map(({ body }) => body.dump()));
      return answers.every(({ statusCode }) => statusCode === 404);
    });
    const third = await played('third');
    expect(archived(third)).to.deep.include({ status: 'True' });
    expect(namesIn(third)).to.deep.equal(['suite.log', 'events.txt']);
  });
});
