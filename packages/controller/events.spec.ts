import { ApiError } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { expect } from 'chai';
import { EventRecorder } from './events.ts';

interface Sent {
  how: 'create' | 'patch';
  body: Record<string, unknown>;
}

const run = {
  apiVersion: 'e2e.backend.ai/v1alpha1',
  kind: 'TestRun',
  metadata: { namespace: 'ns', name: 'nightly', uid: 'u1' },
};

describe('the event recorder', () => {
  let clock: FakeClock;
  let sent: Sent[];
  let failure: (how: string) => Error | undefined;
  let recorder: EventRecorder;

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    failure = () => undefined;
    const answer = (how: Sent['how'], body: Record<string, unknown>) => {
      const error = failure(how);
      if (error) throw error;
      sent.push({ how, body });
      return body;
    };
    const client = {
      create: async (_resource: unknown, body: Record<string, unknown>) => answer('create', body),
      mergePatch: async (_resource: unknown, _at: unknown, body: Record<string, unknown>) =>
        answer('patch', body),
    };
    recorder = new EventRecorder({
      // It sends Events only, where the client is generic.
      client: client as unknown as Pick<KubeClient, 'create' | 'mergePatch'>,
      component: 'operator',
      instance: 'pod-1',
      log: quietLog(),
      clock,
    });
  });

  const notice = (message: string, reason = 'SuiteFailed') => ({ type: 'Warning' as const, reason, message });

  it('creates an Event that kubectl describe can show', async () => {
    recorder.record(run, notice('storage failed'));
    await clock.advance(0);
    expect(sent).to.have.length(1);
    expect(sent[0]?.body).to.deep.include({
      type: 'Warning',
      reason: 'SuiteFailed',
      message: 'storage failed',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      source: { component: 'operator', host: 'pod-1' },
    });
    expect(sent[0]?.body.involvedObject).to.deep.include({
      kind: 'TestRun',
      namespace: 'ns',
      name: 'nightly',
      uid: 'u1',
    });
  });

  it('counts repeated notices, and writes at most every five seconds', async () => {
    for (let index = 0; index < 1_000; index++) recorder.record(run, notice(`failure ${index}`));
    await clock.advance(4_900);
    expect(sent).to.have.length(1);
    await clock.advance(200);
    expect(sent[1]).to.deep.include({ how: 'patch' });
    expect(sent[1]?.body).to.deep.include({ count: 1_000, message: 'failure 999' });
    await clock.advance(60_000);
    expect(sent).to.have.length(2);
  });

  it('separates reasons and objects, and starts a new Event after ten quiet minutes', async () => {
    recorder.record(run, notice('x'));
    recorder.record(run, notice('x', 'Other'));
    recorder.record({ ...run, metadata: { ...run.metadata, uid: 'u2' } }, notice('x'));
    await clock.advance(10 * 60_000);
    recorder.record(run, notice('x'));
    await clock.advance(0);
    expect(sent.map(({ how }) => how)).to.deep.equal(['create', 'create', 'create', 'create']);
  });

  it('continues in a new Event when the old one has expired', async () => {
    recorder.record(run, notice('x'));
    await clock.advance(0);
    failure = (how) =>
      how === 'patch'
        ? new ApiError({ what: 'x', code: 404, reason: 'NotFound', message: 'gone' })
        : undefined;
    recorder.record(run, notice('y'));
    await clock.advance(5_000);
    expect(sent[1]?.how).to.equal('create');
    expect(sent[1]?.body).to.deep.include({ count: 2, message: 'y' });
  });

  it('never throws, and continues after a failure', async () => {
    failure = () =>
      new ApiError({ what: 'x', code: 403, reason: 'Forbidden', message: 'namespace is going away' });
    recorder.record(run, notice('x'));
    await clock.advance(0);
    failure = () => undefined;
    recorder.record(run, notice('y'));
    await clock.advance(5_000);
    expect(sent.map(({ body }) => body.count)).to.deep.equal([2]);
  });

  it('writes pending events at once when it is flushed', async () => {
    recorder.record(run, notice('x'));
    await clock.advance(0);
    recorder.record(run, notice('y'));
    await recorder.flush(1_000);
    expect(sent.map(({ body }) => body.message)).to.deep.equal(['x', 'y']);
    expect(clock.pending).to.equal(0);
  });
});
