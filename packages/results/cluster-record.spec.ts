import { expect } from 'chai';
import { type ClusterRecord, clusterChanges, type SeenPod } from './cluster-record.ts';

const pod = (more: Partial<SeenPod> = {}): SeenPod => ({
  namespace: 'bai',
  name: 'manager-7f-x',
  component: 'manager',
  phase: 'Running',
  createdAt: '2026-01-01T00:00:00Z',
  containers: [],
  ...more,
});
const record = (more: Partial<ClusterRecord>): ClusterRecord => ({
  ...{ events: [], pods: [], leases: [], missing: [] },
  ...more,
});

describe('what changed in the cluster', () => {
  it('names restarts with their reason, by component', () => {
    const last = { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-01-01T00:01:00Z' };
    const container = { name: 'main', image: 'm', imageId: '', restarts: 2, last };
    expect(clusterChanges(record({ pods: [pod({ containers: [container] })] }))).to.deep.equal([
      {
        at: '2026-01-01T00:01:00Z',
        kind: 'restart',
        namespace: 'bai',
        subject: 'manager',
        text: 'container main restarted (OOMKilled, exit code 137), 2 in all',
      },
    ]);
  });

  it('separates a lost readiness from the first one of a pod', () => {
    const since = (at: string, is: boolean) =>
      clusterChanges(record({ pods: [pod({ ready: { is, since: at } })] })).map(({ kind }) => kind);
    expect(since('2026-01-01T00:00:00Z', true)).to.deep.equal([]);
    expect(since('2026-01-01T00:05:00Z', true)).to.deep.equal(['ready']);
    expect(since('2026-01-01T00:05:00Z', false)).to.deep.equal(['unready']);
  });

  it('puts leases and events in the order of time, whatever their zone', () => {
    const event = (at: string, reason: string, type = 'Warning') => ({
      ...{ at, type, reason, message: 'm', count: 1, namespace: 'bai', object: 'Pod/manager-7f-x' },
    });
    const changes = clusterChanges(
      record({
        pods: [pod()],
        leases: [
          {
            namespace: 'o',
            name: 'operator',
            holder: 'a',
            acquiredAt: '2026-01-01T00:00:02Z',
            transitions: 3,
          },
        ],
        events: [
          event('2026-01-01T09:00:03+09:00', 'Unhealthy'),
          event('2026-01-01T00:00:01Z', 'BackOff'),
          event('2026-01-01T00:00:01Z', 'Pulled', 'Normal'),
        ],
      }),
    );
    expect(changes.map(({ kind, subject }) => `${kind} ${subject}`)).to.deep.equal([
      'warning manager',
      'leader operator',
      'unready manager',
    ]);
  });
});
