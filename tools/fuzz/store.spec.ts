import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { expect } from 'chai';
import { rejection } from '../envtest/waits/rejection.ts';
import { store } from './store.ts';

const answer = (code: number, reason: string, message: string) =>
  new ApiError({ what: 'create testreports ns/a', code, reason, message });
const BUSY = answer(500, 'InternalError', 'etcdserver: request timed out');
const EXISTS = answer(409, 'AlreadyExists', 'testreports "a" already exists');
const WRONG = answer(422, 'Invalid', 'spec.attempt: Required value');

/** Stores a report on a server that gives these answers, and lists the requests. */
async function stored(create: (ApiError | undefined)[], status: (ApiError | undefined)[] = []) {
  const asked: string[] = [];
  const next = (what: string, answers: (ApiError | undefined)[]) => async () => {
    asked.push(what);
    const error = answers.shift();
    if (error) throw error;
    return {} as never;
  };
  const client = {
    create: next('create', create),
    applyStatus: next('status', status),
    delete: next('delete', []),
  };
  const object = { metadata: { namespace: 'ns', name: 'a' }, spec: { run: 'r' }, status: { final: true } };
  const outcome = await store(client, TEST_REPORTS as never, object, { everyMs: 1, withinMs: 50 });
  return { outcome, asked };
}

describe('an object of the fuzz', () => {
  it('is sent again when the server says nothing about it, and is stored once', async () => {
    expect(await stored([BUSY, BUSY, EXISTS], [BUSY])).to.deep.equal({
      outcome: true,
      asked: ['create', 'create', 'create', 'status', 'status'],
    });
  });

  it('is refused with a sentence, also for its status, and then not there', async () => {
    expect(await stored([WRONG])).to.deep.equal({ outcome: false, asked: ['create'] });
    expect(await stored([], [WRONG])).to.deep.equal({
      outcome: false,
      asked: ['create', 'status', 'delete'],
    });
  });

  it('fails the fuzz when the server never says anything about it', async () => {
    const never = Array.from({ length: 1_000 }, () => BUSY);
    expect(String(await rejection(stored(never))))
      .to.include('"run":"r"')
      .and.include('timed out');
  });
});
