import type { ChildProcess } from 'node:child_process';
import { EVENTS, JOBS, LEASES } from '@backendai-e2e/kube/builtin-resources';
import { freePorts } from '@backendai-e2e/tools/envtest/free-ports';
import { endOf } from '@backendai-e2e/tools/envtest/process-end';
import { type Stage, startStage } from '@backendai-e2e/tools/envtest/test-environment';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';

/** Milliseconds until another replica leads when the leader is gone without a word: 15 s of lease, and the next look. */
const TAKEOVER_MS = 20_000;
/** The same when it was told to stop: it gives the lease back. */
const HANDOVER_MS = 5_000;

describe('three replicas of the operator', function () {
  this.timeout(LAST_RESORT_MS);
  let stage: Stage;

  before(async () => {
    stage = await startStage();
    await stage.suite('alpha');
    await stage.suite('beta');
    await stage.environment('ext');
  });
  after(() => stage?.stop());

  /** Starts one; resolves when its caches are filled, and it is about to look at the lease. */
  const replica = async (): Promise<ChildProcess> => {
    const [port] = await freePorts();
    const child = stage.startProcess(['--leader-elect', `--metrics-port=${port}`]);
    await until('a replica is ready', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    return child;
  };
  const lease = async () => {
    const at = { namespace: stage.namespace, name: 'backendai-e2e-operator' };
    return (await stage.client.get(LEASES, at))?.spec;
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
  /** Who told of what, in the order of time: each replica signs its Events. */
  const history = async () => {
    const { items } = await stage.client.list(EVENTS, { namespace: stage.namespace });
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
    await stage.run('handed', 'ext', { suites: { names: ['alpha', 'beta'] } });
    await stage.pod('handed-alpha-1');
    const later: ChildProcess[] = [second];

    // For the others, one that is frozen is as gone as one that was killed.
    first.kill('SIGSTOP');
    const frozen = performance.now();
    const b = await leadsAfter(a, TAKEOVER_MS);
    expect(performance.now() - frozen).to.be.below(TAKEOVER_MS);
    await stage.attempt('handed-alpha-1', 'Passed');
    await stage.pod('handed-beta-1');
    first.kill('SIGCONT');
    expect(await endOf(first)).to.equal(1);

    later.push(await replica());
    second.kill('SIGTERM');
    const told = performance.now();
    const c = await leadsAfter(b, HANDOVER_MS);
    expect(performance.now() - told).to.be.below(HANDOVER_MS);
    expect(await endOf(second)).to.equal(0);
    await stage.attempt('handed-beta-1', 'Passed');
    expect((await stage.finished('handed')).status?.verdict).to.equal('Passed');

    const { items } = await stage.client.list(JOBS, { namespace: stage.namespace });
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
