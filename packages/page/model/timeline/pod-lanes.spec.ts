import type { SeenEvent, SeenPod } from '@backendai-e2e/results/cluster-record';
import { expect } from 'chai';
import type { PagePod } from '../data/page-data.ts';
import { podLanes } from './pod-lanes.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const place = { environment: 'e2e', namespace: 'bai', from: START + 100_000, to: START + 500_000 };

const event = (
  name: string,
  seconds: number,
  reason: string,
  message = '',
  more: Partial<SeenEvent> = {},
) => ({
  ...{ at: at(seconds), type: 'Normal', reason, message, count: 1, namespace: 'bai', object: `Pod/${name}` },
  ...more,
});
const pod = (name: string, component: string, more: Partial<SeenPod> = {}): SeenPod => ({
  ...{ namespace: 'bai', name, component, phase: 'Running', createdAt: at(0) },
  ready: { is: true, since: at(30) },
  containers: [{ name: component, image: '', imageId: '', restarts: 0 }],
  ...more,
});
const lanes = (pods: SeenPod[], events: SeenEvent[]) =>
  podLanes({ pods, events, leases: [], missing: [] }, [place]);
/** Spans in seconds. */
const spansOf = ({ spans }: PagePod) =>
  spans.map(({ is, from, to }) => [is, (from - START) / 1000, (to - START) / 1000]);

describe('the lanes of pods', () => {
  const now = 'manager-5d8f9c7b6-aaaaa';
  const before = 'manager-5d8f9c7b6-bbbbb';

  it('show a pod that was replaced, with the component of the pod after it', () => {
    const [lane, ...others] = lanes(
      [
        pod(now, 'manager', { createdAt: at(200), ready: { is: true, since: at(240) } }),
        pod('etcd-0', 'etcd'),
      ],
      [
        event(before, 0, 'Scheduled'),
        event(before, 4, 'Started', 'Started container release-record'),
        event(before, 9, 'Started', 'Started container manager'),
        event(before, 200, 'Killing', 'Stopping container manager'),
        event(now, 210, 'Started', 'Started container manager'),
      ],
    );
    expect(others).to.deep.equal([]);
    expect(lane).to.include({ environment: 'e2e', component: 'manager' });
    expect(lane?.pods.map(({ name, row, gone }) => [name, row, gone])).to.deep.equal([
      [before, 0, true],
      [now, 0, undefined],
    ]);
    expect(lane?.pods.map(spansOf)).to.deep.equal([
      [
        ['pending', 0, 9],
        ['running', 9, 200],
      ],
      [
        ['pending', 200, 210],
        ['running', 210, 240],
        ['ready', 240, 500],
      ],
    ]);
  });

  it('show each pod of a StatefulSet, though their names are the same', () => {
    const events = [
      event('agent-0', 1, 'Scheduled'),
      event('agent-0', 5, 'Started', 'Started container agent'),
      event('agent-0', 300, 'Killing', 'Stopping container agent'),
      event('agent-0', 306, 'Scheduled'),
      event('agent-0', 310, 'Started', 'Started container agent'),
    ];
    const [lane] = lanes(
      [pod('agent-0', 'agent', { createdAt: at(305), ready: { is: true, since: at(320) } })],
      events,
    );
    expect(lane?.pods.map(spansOf)).to.deep.equal([
      [
        ['pending', 1, 5],
        ['running', 5, 300],
      ],
      [
        ['pending', 305, 310],
        ['running', 310, 320],
        ['ready', 320, 500],
      ],
    ]);
  });

  it('show restarts, and probes that fail again and again as one time', () => {
    const containers = [{ name: 'manager', image: '', imageId: '', restarts: 2 }];
    const failed = { firstAt: at(150), count: 4 };
    const [lane] = lanes(
      [pod(now, 'manager', { containers })],
      [event(now, 180, 'Unhealthy', 'Readiness probe failed: timeout', failed)],
    );
    expect(lane?.pods[0]).to.include({ restarts: 2 });
    expect(lane?.pods.map(spansOf)[0]).to.deep.include(['unready', 150, 180]);
  });

  it('do not make one time of two failures that are far apart', () => {
    const failed = { firstAt: at(150), count: 2 };
    const [lane] = lanes(
      [pod(now, 'manager')],
      [event(now, 450, 'Unhealthy', 'Readiness probe failed: timeout', failed)],
    );
    const unready = lane?.pods.map(spansOf)[0]?.filter(([is]) => is === 'unready');
    expect(unready).to.deep.equal([
      ['unready', 150, 150],
      ['unready', 450, 450],
    ]);
  });

  it('put pods that were there at once into rows of their own', () => {
    const pods = [0, 1].map((index) => pod(`agent-${index}`, 'agent', { createdAt: at(120 + index) }));
    expect(lanes(pods, [])[0]?.pods.map(({ row }) => row)).to.deep.equal([0, 1]);
  });

  it('leave out components that did not change since the first suite, and other namespaces', () => {
    const elsewhere = pod(now, 'manager', { namespace: 'other', createdAt: at(200) });
    const startup = event('etcd-0', 200, 'Unhealthy', 'Startup probe failed: refused');
    expect(lanes([pod('etcd-0', 'etcd'), elsewhere], [startup])).to.deep.equal([]);
  });
});
