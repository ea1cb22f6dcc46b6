import { type ChildProcess, spawn } from 'node:child_process';
import { LEASES } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { endOf } from '@backendai-e2e/tools/envtest/processes/process-end';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

const namespace = 'election';
const at = { namespace, name: 'operator' };

/** Shorter than in a cluster, in the same proportions: a leader that is gone is replaced soon. */
const SHORT = { leaseDurationMs: 6_000, renewDeadlineMs: 4_500, retryPeriodMs: 500 };
/** Long enough that a leader which ends in order gives its lease back in time, even on a busy machine. */
const LONG = { leaseDurationMs: 20_000, renewDeadlineMs: 15_000, retryPeriodMs: 500 };

/** A candidate in a process of its own, so that it can be killed and frozen. It prints when it starts and ends leading. */
function script(kubeconfig: string, identity: string, durations: typeof SHORT): string {
  const file = (name: string) => JSON.stringify(import.meta.resolve(name));
  return `
    import { KubeClient } from ${file('@backendai-e2e/kube/client')};
    import { loadKubeconfig } from ${file('@backendai-e2e/kube/kubeconfig')};
    import { LeaseElection } from ${file('./lease-election.ts')};
    import { createLog } from ${file('./log.ts')};
    import { stopSignal } from ${file('./manager.ts')};
    import { createMetrics } from ${file('./metrics.ts')};
    const log = createLog({ name: 'candidate', level: 'silent' });
    const client = new KubeClient(loadKubeconfig({ kubeconfig: ${JSON.stringify(kubeconfig)} }));
    const election = new LeaseElection({
      client, log, metrics: createMetrics(), identity: ${JSON.stringify(identity)},
      ...${JSON.stringify({ ...at, ...durations })},
    });
    const end = await election.run(stopSignal(log), async (leading) => {
      console.log('leads');
      await new Promise((resolve) => leading.addEventListener('abort', resolve));
      console.log('ends');
    });
    process.exit(end === 'lost' ? 1 : 0);
  `;
}

describe('the election against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  const candidates: ChildProcess[] = [];
  let story: { at: number; line: string }[];

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    await plane.createNamespace(namespace);
  });
  after(() => plane?.stop());
  beforeEach(async () => {
    story = [];
    await client.delete(LEASES, at);
  });
  afterEach(() => {
    for (const candidate of candidates.splice(0)) candidate.kill('SIGKILL');
  });

  function start(identity: string, durations: typeof SHORT): ChildProcess {
    const candidate = spawn(
      process.execPath,
      ['--input-type=module-typescript', '-e', script(plane.kubeconfigPath, identity, durations)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    candidate.stdout?.on('data', (data: Buffer) => {
      for (const line of data.toString().trim().split('\n')) {
        story.push({ at: performance.now(), line: `${identity} ${line}` });
      }
    });
    candidates.push(candidate);
    return candidate;
  }

  const tells = (line: string) => until(line, () => story.find((entry) => entry.line === line));

  async function twoCandidates(durations: typeof SHORT) {
    const a = start('a', durations);
    await tells('a leads');
    const b = start('b', durations);
    // The candidate has read the lease after a few retries. The lease itself does not show that.
    await until('the lease was renewed a few times', async () => {
      const lease = await client.get(LEASES, at);
      return Date.parse(lease?.spec?.renewTime ?? '') - Date.parse(lease?.spec?.acquireTime ?? '') > 3_000;
    });
    expect(story.map(({ line }) => line)).to.deep.equal(['a leads']);
    return { a, b };
  }

  it('hands over soon after SIGTERM, and only after the work ended', async () => {
    const { a } = await twoCandidates(LONG);
    const sent = performance.now();
    a.kill('SIGTERM');
    expect(await endOf(a)).to.equal(0);
    const taken = await tells('b leads');
    expect(story.map(({ line }) => line)).to.deep.equal(['a leads', 'a ends', 'b leads']);
    expect(taken.at - sent).to.be.lessThan(LONG.leaseDurationMs);
  });

  it('takes over from one that was killed, but not before the lease has run out', async () => {
    const { a } = await twoCandidates(SHORT);
    a.kill('SIGKILL');
    await endOf(a);
    const left = await client.get(LEASES, at);
    expect(left?.spec?.holderIdentity).to.equal('a');
    await tells('b leads');
    const taken = await client.get(LEASES, at);
    const waited = Date.parse(taken?.spec?.acquireTime ?? '') - Date.parse(left?.spec?.renewTime ?? '');
    expect(waited).to.be.at.least(SHORT.leaseDurationMs);
    expect(taken?.spec).to.include({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('one that was frozen past its lease ends as soon as it wakes, with exit code 1', async () => {
    const { a } = await twoCandidates(SHORT);
    a.kill('SIGSTOP');
    await tells('b leads');
    a.kill('SIGCONT');
    expect(await endOf(a)).to.equal(1);
    expect((await client.get(LEASES, at))?.spec?.holderIdentity).to.equal('b');
  });

  it('loses the lead when the API server is away too long, and the process ends', async () => {
    const a = start('a', SHORT);
    await tells('a leads');
    await plane.stopApiServer('kill');
    expect(await endOf(a)).to.equal(1);
    await plane.startApiServer();
  });
});
