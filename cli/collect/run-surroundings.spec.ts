import { LABELS } from '@backendai-e2e/api/group';
import { testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import type { Pod } from './cluster-logs.ts';
import { type ClockLooks, readSurroundings } from './run-surroundings.ts';

const SEEN = {
  run: run([suite('s', 'Passed')]),
  reports: [report('s', [test('one')])],
  environment: testEnvironment('e2e', {
    metadata: { namespace: 'backendai-e2e' },
    spec: { chart: { name: 'backend-ai', values: { password: 'not to be written' } } },
    status: { namespace: 'bai-e2e', components: [] },
  }),
};
const fault = (name: string, attempt: string) => ({
  metadata: { name, labels: { [LABELS.report]: attempt } },
  spec: {},
});
const suitePod: Pod = {
  metadata: { name: 'run-s-1-x', namespace: 'backendai-e2e', labels: { [LABELS.suite]: 's' } },
  spec: { containers: [{ name: 'suite' }] },
  status: {
    phase: 'Succeeded',
    conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:00:09Z' }],
    containerStatuses: [{ name: 'suite', restartCount: 0, image: 'suites:1', imageID: 'sha256:aa' }],
  },
};

describe('what surrounds a run', () => {
  const read = (get: (path: string) => unknown, clockLooks: ClockLooks = {}) =>
    readSurroundings(
      { get: async <T>(path: string) => get(path) as T },
      SEEN,
      { pods: [suitePod, suitePod], events: [], troubles: [] },
      ['backendai-e2e', 'bai-e2e'],
      new AbortController().signal,
      clockLooks,
    );

  /** A node's Lease whose renewal the API server noted that many seconds after the node's own time. */
  const nodeLease = (ownSecond: number, seconds: number) => ({
    metadata: {
      name: 'n1',
      managedFields: [
        {
          fieldsV1: { 'f:spec': { 'f:renewTime': {} } },
          time: `2026-01-01T00:00:${String(ownSecond + seconds).padStart(2, '0')}Z`,
        },
      ],
    },
    spec: { renewTime: `2026-01-01T00:00:${String(ownSecond).padStart(2, '0')}.500000Z` },
  });
  const clocksIn = (renewals: ReturnType<typeof nodeLease>[]) => (path: string) =>
    path.includes('/kube-node-lease/leases') ? { items: renewals.splice(0, 1) } : { items: [] };

  it('has the clock of each node', async () => {
    const { cluster } = await read(clocksIn([nodeLease(7, 0)]));
    expect(cluster.clocks).to.deep.equal([{ node: 'n1', aheadMs: { least: -500, most: 1_500 } }]);
  });

  it('looks again at a clock that seems wrong, because a renewal may take long', async () => {
    const slow = await read(clocksIn([nodeLease(7, 4), nodeLease(18, 0)]), { pauseMs: 1 });
    expect(slow.cluster.clocks).to.deep.equal([{ node: 'n1', aheadMs: { least: -500, most: 1_500 } }]);
    const wrong = await read(clocksIn([nodeLease(7, 30), nodeLease(18, 30), nodeLease(29, 30)]), {
      pauseMs: 1,
    });
    expect(wrong.cluster.clocks).to.deep.equal([{ node: 'n1', aheadMs: { least: -30_500, most: -28_500 } }]);
  });

  it('does without the clocks where a user may not read them', async () => {
    const { cluster } = await read((path) => {
      if (path.includes('/kube-node-lease/'))
        throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no', what: 'list' });
      return { items: [] };
    });
    expect([cluster.clocks, cluster.missing]).to.deep.equal([[], []]);
  });

  it('is its faults and no others, its environment without values, and the image of its suites once', async () => {
    const { faults, cluster, tested } = await read((path) =>
      path.endsWith('/faults')
        ? { items: [fault('own', 'run-s-1'), fault('of another run', 'other-s-1')] }
        : { items: [] },
    );
    expect(faults.map(({ metadata, kind }) => `${kind} ${metadata.name}`)).to.deep.equal(['Fault own']);
    expect(JSON.stringify(tested)).not.to.include('not to be written');
    expect(tested.environments[0]).to.deep.include({ name: 'e2e' });
    expect(tested.images).to.deep.equal([{ component: 'suite', image: 'suites:1', imageId: 'sha256:aa' }]);
    expect(tested.command.version).to.match(/^\d+\.\d+\.\d+/);
    expect(cluster.pods[0]).to.deep.include({ ready: { is: false, since: '2026-01-01T00:00:09Z' } });
  });

  it('says what a user has no right to read', async () => {
    const { cluster } = await read((path) => {
      if (path.includes('/leases')) throw new Error('leases is forbidden');
      return { items: [] };
    });
    expect(cluster.missing).to.deep.equal([
      'cannot read the leases of backendai-e2e: leases is forbidden',
      'cannot read the leases of bai-e2e: leases is forbidden',
      'cannot read the clocks of the nodes: leases is forbidden',
    ]);
  });
});
