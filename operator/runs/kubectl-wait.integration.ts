import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { requiredTool } from '@backendai-e2e/tools/envtest/processes/pinned-tools';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { execa } from 'execa';

/** Far longer than a run takes. kubectl fails after it. */
const TIMEOUT = '--timeout=300s';

describe('"kubectl wait --for=condition=Finished"', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha');
    await harness.environment('ext');
    harness.startOperator();
  });
  after(() => harness?.stop());

  /** Waits as a user does. Ends with an error when kubectl does. */
  async function kubectlWait(name: string): Promise<string> {
    const { stdout } = await execa(requiredTool('kubectl'), [
      ...['wait', '--for=condition=Finished', `testrun/${name}`, TIMEOUT],
      ...['--namespace', harness.namespace, '--kubeconfig', harness.plane.kubeconfigPath],
    ]);
    return stdout;
  }

  const ends: [string, string, (name: string) => Promise<unknown>][] = [
    ['passes', 'Passed', (name) => harness.attempt(`${name}-alpha-1`, 'Passed')],
    ['fails', 'Failed', (name) => harness.attempt(`${name}-alpha-1`, 'Failed')],
    [
      'is cancelled',
      'Interrupted',
      async (name) => {
        await harness.pod(`${name}-alpha-1`);
        const at = { namespace: harness.namespace, name };
        await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
      },
    ],
  ];
  for (const [how, verdict, end] of ends) {
    it(`ends when the run ${how}`, async () => {
      const name = how.replace(' ', '-');
      await harness.run(name, 'ext', { suites: { names: ['alpha'] } });
      const waited = kubectlWait(name);
      await Promise.all([waited, end(name)]);
      expect(await waited).to.match(/condition met$/);
      expect((await harness.getRun(name))?.status?.verdict).to.equal(verdict);
    });
  }

  it('ends for a run that cannot start', async () => {
    await harness.run('lost', 'ext', { suites: { names: ['absent'] } });
    expect(await kubectlWait('lost')).to.match(/condition met$/);
    expect(JSON.stringify((await harness.getRun('lost'))?.status?.conditions)).to.include('UnknownSuites');
  });
});
