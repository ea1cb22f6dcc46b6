import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { environmentOf, RUN_ANNOTATIONS, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import { KubeClient } from '@backendai-e2e/kube/client';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** Started runs that a user may have at once. */
const MOST = 2;

describe('the runs of users', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  const clients: KubeClient[] = [];
  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha', { onDemand: true });
    harness.startOperator({ runsPerUser: MOST });
  });
  after(async () => {
    for (const client of clients) await client.close();
    await harness?.stop();
  });

  /** A user who may write TestRuns, and who creates one in the name of `as` ("": without a name). */
  async function user(name: string) {
    const rules = [{ apiGroups: ['e2e.backend.ai'], resources: ['testruns'], verbs: ['create', 'patch'] }];
    const client = new KubeClient((await harness.user(name, rules)).kubeConfig);
    clients.push(client);
    const own = `system:serviceaccount:${harness.namespace}:${name}`;
    const create = (run: string, environment: string, as: string | undefined = own) =>
      client.create(TEST_RUNS, {
        metadata: {
          ...{ name: run, namespace: harness.namespace },
          ...(as === '' ? {} : { annotations: { [RUN_ANNOTATIONS.user]: as } }),
        },
        spec: { environmentRef: { name: environment }, suites: { names: ['alpha'] } },
      });
    return { client, own, create };
  }
  const said = (request: Promise<unknown>) => request.then(() => 'accepted', String);
  const phaseOf = async (name: string) => (await harness.getRun(name))?.status?.phase;
  const starts = (name: string) =>
    until(`${name} has started`, async () => {
      const run = await harness.getRun(name);
      if (run?.status?.startedAt) return run;
      throw new Error(JSON.stringify(run?.status?.conditions));
    });

  it('name no user but their own, and keep that name', async () => {
    const [bob, eve] = [await user('bob'), await user('eve')];
    await harness.environment('named');
    let tries = 0;
    await until('the policy refuses a foreign name', async () => {
      tries += 1;
      const answer = await said(bob.create(`foreign-${tries}`, 'nowhere', eve.own));
      if (!/names another user than you/.test(answer)) throw new Error(answer);
      return true;
    });
    expect(await said(bob.create('own', 'named'))).to.equal('accepted');
    expect(await said(bob.create('nameless', 'named', ''))).to.equal('accepted');
    const rename = (run: string, name: string | null) =>
      said(
        bob.client.mergePatch(
          TEST_RUNS,
          { namespace: harness.namespace, name: run },
          { metadata: { annotations: { [RUN_ANNOTATIONS.user]: name } } },
        ),
      );
    for (const name of [eve.own, null]) expect(await rename('own', name)).to.match(/never changes/);
    expect(await rename('nameless', eve.own)).to.match(/never changes/);
    expect(await rename('own', bob.own)).to.equal('accepted');
  });

  it('start up to a limit for each user, and one that ends lets the next one start', async () => {
    const [mallory, carol] = [await user('mallory'), await user('carol')];
    const all = Array.from({ length: 6 }, (_, index) => `flood-${index}`);
    for (const name of all) {
      await harness.environment(name);
      await mallory.create(name, name);
    }
    const look = async () =>
      (await Promise.all(all.map((name) => harness.getRun(name)))).filter((run) => !!run);
    const hasStarted = (run: TestRun) => run.status?.startedAt !== undefined;
    const isHeld = ({ status }: TestRun) =>
      conditionOf(status?.conditions, RUN_CONDITIONS.queued)?.reason === 'UserBusy';
    // Which of them start is open: each has an environment of its own, and runs are decided side by side.
    const [first, held] = await until('all others wait for the limit', async () => {
      const runs = await look();
      const [started, waiting] = [runs.filter(hasStarted), runs.filter(isHeld)];
      const [one, other] = [started[0], waiting[0]];
      if (one && other && started.length === MOST && waiting.length === all.length - MOST)
        return [one, other];
      throw new Error(JSON.stringify(runs.map(({ status }) => status?.conditions)));
    });
    // Also in an environment that a held run waits for.
    await carol.create('carol', environmentOf(held, undefined));
    await starts('carol');
    const ended = { namespace: harness.namespace, name: first.metadata.name };
    await harness.client.mergePatch(TEST_RUNS, ended, { spec: { cancel: true } });
    await until('the next one has started', async () => {
      const now = (await look()).filter(hasStarted).length;
      if (now === MOST + 1) return true;
      throw new Error(`${now} have started`);
    });
  });

  it('take turns in one environment, however many runs one of them has', async () => {
    const [dave, erin] = [await user('dave'), await user('erin')];
    await harness.environment('shared');
    for (let number = 0; number < 5; number += 1) await dave.create(`dave-${number}`, 'shared');
    await starts('dave-0');
    await until('the last one waits', async () => (await phaseOf('dave-4')) === 'Queued');
    await erin.create('erin', 'shared');
    await until('the other one waits', async () => (await phaseOf('erin')) === 'Queued');
    const ended = new Set<string>();
    await until('the other one has started', async () => {
      if ((await harness.getRun('erin'))?.status?.startedAt) return true;
      for (let number = 0; number < 5; number += 1) {
        const at = { namespace: harness.namespace, name: `dave-${number}` };
        if (ended.has(at.name) || !(await harness.getRun(at.name))?.status?.startedAt) continue;
        await harness.client.mergePatch(TEST_RUNS, at, { spec: { cancel: true } });
        ended.add(at.name);
      }
      throw new Error([...ended].join(', '));
    });
    expect([...ended]).to.have.length.within(1, 2);
    expect(await phaseOf('dave-2')).to.equal('Queued');
  });
});
