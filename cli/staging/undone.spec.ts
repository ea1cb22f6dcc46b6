import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { expect } from 'chai';
import { untilUndone } from './undone.ts';

const changes: TestReportStatus['changes'] = [{ undo: 'ScheduleAgent', subject: 'i-1' }];
const undone = (status: 'True' | 'False', message: string): NonNullable<TestReportStatus['conditions']> => [
  { type: 'Undone', status, reason: 'X', message, lastTransitionTime: '2026-01-01T00:00:00Z' },
];

/** What is left when the API server lists these statuses, one after the other; the last one repeats. */
function left(...looks: TestReportStatus[]): Promise<string[]> {
  return leftWith(['Succeeded'], ...looks);
}

/** The same, with a pod in these phases, one after the other. */
function leftWith(pods: readonly string[], ...looks: TestReportStatus[]): Promise<string[]> {
  const queue = [...looks];
  const phases = [...pods];
  const next = <T>(all: T[]) => (all.length > 1 ? all.shift() : all[0]);
  const get = async (path: string) => ({
    items: [
      path.endsWith('/pods')
        ? { status: { phase: next(phases) } }
        : { metadata: { name: 'r' }, status: next(queue) },
    ],
  });
  const client = { get } as unknown as Pick<RestApi, 'get'>;
  return untilUndone(client, 'ns', { signal: new AbortController().signal, deadlineMs: 1_200 });
}

describe('the end of a staging run', () => {
  it('waits until the operator has undone what an attempt left changed', async () => {
    expect(await left({ changes }, { changes, conditions: undone('True', 'done') })).to.deep.equal([]);
  });

  it('does not wait for attempts that changed nothing or undid it themselves', async () => {
    expect(await left({ final: true })).to.deep.equal([]);
  });

  it('waits for a pod that works: it may still change something', async () => {
    const failed = await leftWith(['Running', 'Succeeded'], { final: true }, { final: true, changes });
    expect(failed[0]).to.include('ScheduleAgent i-1');
  });

  it('names what is still changed, and why', async () => {
    const failed = await left({ changes, conditions: undone('False', 'Job x could not undo it') });
    expect(failed).to.have.length(1);
    expect(failed[0]).to.include('ScheduleAgent i-1').and.include('Job x could not undo it');
    expect((await left({ changes }))[0]).to.include('the operator has not undone it');
  });
});
