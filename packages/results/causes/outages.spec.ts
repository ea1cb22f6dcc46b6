import type { SeenPod } from '@backendai-e2e/results/cluster-record';
import { expect } from 'chai';
import { outagesOf } from './outages.ts';

const pod = (name: string, is: boolean, since: string, phase = 'Running'): SeenPod => ({
  ...{ namespace: 'bai', name, component: 'manager', phase, containers: [] },
  ready: { is, since: `2026-01-01T00:00:${since}Z` },
});

describe('the outages of a run', () => {
  it('begin when the last pod of a component lost its readiness', () => {
    expect(outagesOf({ pods: [pod('a', false, '10'), pod('b', false, '20')] })).to.deep.equal([
      { component: 'manager', namespace: 'bai', from: Date.parse('2026-01-01T00:00:20Z') },
    ]);
  });

  it('are none while one pod is ready, or if the pods ended by themselves', () => {
    expect(outagesOf({ pods: [pod('a', false, '10'), pod('b', true, '20')] })).to.deep.equal([]);
    expect(outagesOf({ pods: [pod('job', false, '10', 'Succeeded')] })).to.deep.equal([]);
  });
});
