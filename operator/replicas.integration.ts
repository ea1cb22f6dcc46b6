import type { ChildProcess } from 'node:child_process';
import { EVENTS, JOBS, LEASES } from '@backendai-e2e/kube/builtin-resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { freePorts } from '@backendai-e2e/tools/envtest/processes/free-ports';
import { endOf } from '@backendai-e2e/tools/envtest/processes/process-end';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** Milliseconds until another replica leads after the leader was killed: 15 s of lease, and the next look. */
const TAKEOVER_MS = 20_000;
describe('three replicas of the operator', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha');
    await harness.suite('beta');
    await harness.environment('ext');
  });
  after(() => harness?.stop());

  /** Starts one; resolves when its caches are filled, and it is about to look at the lease. */
  const replica = async (): Promise<ChildProcess> => {
    const [port] = await freePorts();
    const child = harness.startProcess(['--leader-elect', `--metrics-port=${port}`]);
    await until('a replica is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    return child;
  };
  const lease = async () => {
    const at = { namespace: harness.namespace, name: 'backendai-e2e-operator' };
    return (await harness.client.get(LEASES, at))?.spec;
  };
  const holder = async () => (await lease())?.holderIdentity || undefined;
  const leadsAfter = (before: string | undefined, withinMs?: number) =>
    until(
      'another replica leads',
      async () => {
        const now = await holder();
        return now !== undefined && now !== before && now;
      },
      withinMs === undefined ? {} : { withinMs },
    );
  /** The holders of the lease since a version of the list, "" for none, until another replica leads. */
  const holdersSince = async (resourceVersion: string, before: string): Promise<string[]> => {
    const { namespace } = harness;
    const holders = [before];
    const stop = new AbortController();
    for await (const { object } of harness.client.watch(
      LEASES,
      { namespace, resourceVersion },
      stop.signal,
    )) {
      const { holderIdentity = '' } = object.spec ?? {};
      if (holderIdentity !== holders.at(-1)) holders.push(holderIdentity);
      if (holderIdentity !== '' && holderIdentity !== before) stop.abort();
    }
    return holders;
  };
  /** Who told of what, in the order of time: each replica signs its Events. */
  const history = async () => {
    const { items } = await harness.client.list(EVENTS, { namespace: harness.namespace });
    return items
      .filter(({ reportingComponent }) => reportingComponent === 'backendai-e2e-operator')
      .map(({ metadata, reason, reportingInstance }) => ({
        at: Number(metadata.resourceVersion),
        reason,
        by: reportingInstance,
      }))
      .sort((a, b) => a.at - b.at);
  };

  it('never act two at a time: one that was frozen in its lead does nothing when it wakes', async () => {
    // A replica is known by the process that led when it was the only one.
    const first = await replica();
    const a = await leadsAfter(undefined);
    const second = await replica();
    // It has looked at the lease when that was renewed a few times.
    const renewals = new Set<string | undefined>();
    await until('the lease is renewed', async () => renewals.add((await lease())?.renewTime).size > 2);
    await harness.run('handed', 'ext', { suites: { names: ['alpha', 'beta'] } });
    await harness.pod('handed-alpha-1');
    const later: ChildProcess[] = [second];

    // For the others, one that is frozen is as gone as one that was killed.
    first.kill('SIGSTOP');
    const frozen = performance.now();
    const b = await leadsAfter(a, TAKEOVER_MS);
    expect(performance.now() - frozen).to.be.below(TAKEOVER_MS);
    await harness.attempt('handed-alpha-1', 'Passed');
    await harness.pod('handed-beta-1');
    first.kill('SIGCONT');
    expect(await endOf(first)).to.equal(1);

    later.push(await replica());
    // A released lease is taken at the next look. Nothing waits until it expires, as after a kill.
    const { resourceVersion } = await harness.client.list(LEASES, { namespace: harness.namespace });
    second.kill('SIGTERM');
    const c = await leadsAfter(b);
    expect(await holdersSince(resourceVersion, b)).to.deep.equal([b, '', c]);
    expect(await endOf(second)).to.equal(0);
    await harness.attempt('handed-beta-1', 'Passed');
    expect((await harness.finished('handed')).status?.verdict).to.equal('Passed');

    const { items } = await harness.client.list(JOBS, { namespace: harness.namespace });
    expect(items.map(({ metadata }) => metadata.name).sort()).to.deep.equal([
      'handed-alpha-1',
      'handed-beta-1',
    ]);
    const story = await history();
    const spells = story.map(({ by }) => by).filter((by, index, all) => by !== all[index - 1]);
    expect(spells).to.deep.equal([a, b, c].filter((each) => story.some(({ by }) => by === each)));
    expect(story.map(({ reason }) => reason)).to.include('SuiteStarted');
    expect(new Set(spells).size).to.equal(spells.length);
    for (const child of later) child.kill('SIGKILL');
  });
});
