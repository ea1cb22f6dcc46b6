import {
  FAULTS,
  TEST_ENVIRONMENTS,
  TEST_REPORTS,
  TEST_RUNS,
  TEST_SUITES,
} from '@backendai-e2e/api/resources';
import { createLog } from '@backendai-e2e/controller/log';
import { EVENTS, PODS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import type { Resource } from '@backendai-e2e/kube/object';
import { crdFiles } from '@backendai-e2e/tools/crds/files';
import { endedPodStatus, waitingPodStatus } from '@backendai-e2e/tools/envtest/doubles/pod-status';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** In every value that must not be seen anywhere; the rest makes each unlike the others. */
const CANARY = 'kanarienvogel';
const OURS: readonly Resource[] = [TEST_ENVIRONMENTS, TEST_SUITES, TEST_RUNS, TEST_REPORTS, FAULTS];

describe('secrets of a connection', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  const log: string[] = [];
  const connection = {
    namespace: 'somewhere',
    postgres: { host: 'pg', user: 'postgres', password: `${CANARY}/post"gres` },
    valkey: { password: `${CANARY}-valkey` },
    accounts: {
      admin: { email: 'admin@example.org', accessKey: `${CANARY}AKIA`, secretKey: `${CANARY}-key` },
    },
  };
  const { password } = connection.postgres;
  /** The ways in which a program is likely to say them. */
  const said = `cannot reach postgres://postgres:${encodeURIComponent(password)}@pg with ${JSON.stringify(connection)}, ${connection.accounts.admin.secretKey}, ${Buffer.from(connection.valkey.password).toString('base64')}`;

  before(async () => {
    expect(crdFiles().length).to.equal(OURS.length);
    harness = await startOperatorHarness();
    await harness.suite('alpha');
    harness.startOperator({
      log: createLog({ name: 'test', level: 'trace', to: { write: (line) => log.push(line) } }),
    });
  });
  after(() => harness?.stop());

  /** Everything that people read: objects of ours, events of all namespaces, the operator's log. */
  async function everything(): Promise<{ where: string; text: string }[]> {
    const objects = await Promise.all(
      [...OURS, EVENTS].map(async (resource) => ({
        where: resource.plural,
        // A user wrote the spec, and every reader of the object may see it.
        text: JSON.stringify(
          (await harness.client.list(resource)).items.map((item) => ({ ...item, spec: undefined })),
        ),
      })),
    );
    return [...objects, { where: 'the log', text: log.join('') }];
  }

  async function expectNoCanary(): Promise<void> {
    const forms = [CANARY, Buffer.from(connection.valkey.password).toString('base64')];
    for (const { where, text } of await everything()) {
      for (const form of forms) {
        const at = text.indexOf(form);
        expect(at, `${where}: ${text.slice(Math.max(0, at - 200), at + 100)}`).to.equal(-1);
      }
    }
  }

  it('are in no report, run or event when a suite dies with them on its lips', async () => {
    await harness.client.create(SECRETS, {
      metadata: { namespace: harness.namespace, name: 'given' },
      data: { 'connection.json': Buffer.from(JSON.stringify(connection)).toString('base64') },
    });
    await harness.environment('ext', { external: { connectionSecretRef: { name: 'given' } } });
    await harness.run('dies', 'ext');
    const pod = await harness.pod('dies-alpha-1');
    await harness.podEnded(pod, 1, 'Error', said);
    const run = await harness.finished('dies');
    expect(run.status?.suites?.[0]?.message).to.include('cannot reach postgres://postgres:•••@pg');
    await until('there is an event of it', async () => {
      const { items } = await harness.client.list(EVENTS, { namespace: harness.namespace });
      return items.some(({ message }) => message?.includes('•••'));
    });
    await expectNoCanary();
  });

  it('are in no report or event when a pod cannot start and says them', async () => {
    await harness.run('stuck', 'ext');
    const pod = await harness.pod('stuck-alpha-1');
    await harness.podStatus(pod, waitingPodStatus('ImagePullBackOff', said));
    await until('the report says why', async () => {
      const report = await harness.getReport('stuck-alpha-1');
      return report?.status?.conditions?.some(({ message }) => message.includes('•••'));
    });
    await expectNoCanary();
    await harness.client.mergePatch(
      TEST_RUNS,
      { namespace: harness.namespace, name: 'stuck' },
      { spec: { cancel: true } },
    );
    await harness.finished('stuck');
  });

  it("are not in an environment's status when its components or their probes say them", async () => {
    const values = { image: 'real:1', content: connection };
    await harness.environment('deployed', { chart: { name: 'tiny', values } });
    const namespace = harness.deploymentNamespace('deployed');
    const pod = await until('the bootstrap Job has a pod', async () => {
      const labelSelector = 'batch.kubernetes.io/job-name=bootstrap';
      const { items } = await harness.client.list(PODS, { namespace, labelSelector });
      return items[0];
    });
    const at = { namespace, name: pod.metadata.name };
    await harness.client.mergePatch(
      PODS,
      at,
      { status: endedPodStatus(1, 'Error', said) },
      { subresource: 'status' },
    );
    const name = `${pod.metadata.name}.1`;
    await harness.client.create(EVENTS, {
      metadata: { namespace, name },
      involvedObject: { kind: 'Pod', ...at },
      type: 'Warning',
      reason: 'Unhealthy',
      message: 'probe failed',
      lastTimestamp: new Date().toISOString(),
    });
    await until('the status mentions the pod', async () => {
      const seen = await harness.getEnvironment('deployed');
      return JSON.stringify(seen?.status).includes('cannot reach postgres://postgres:•••@pg');
    });
    await expectNoCanary();
  });

  it('are not said when helm fails and quotes them', async () => {
    const values = {
      image: 'real:1',
      adminPassword: password,
      failWith: `bad: ${said}`,
      content: connection,
    };
    await harness.environment('failing', { chart: { name: 'tiny', values } });
    await until('it says that helm failed', async () => {
      const seen = await harness.getEnvironment('failing');
      return JSON.stringify(seen?.status).includes('bad: cannot reach');
    });
    await expectNoCanary();
  });
});
