import { expect } from 'chai';
import { answerError, connectionOutcome, watchError } from './answer.ts';
import { isAlreadyExists, isConflict, isGone, isNotFound } from './api-error.ts';

const now = new Date('2026-01-01T00:00:00Z');
const status = (code: number, reason: string, message: string, details?: object) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details });

describe('errors of the API server', () => {
  it('name the request and the answer, and distinguish the two kinds of 409', () => {
    const exists = answerError(
      'create jobs ns/a',
      409,
      status(409, 'AlreadyExists', 'jobs "a" exists'),
      undefined,
      now,
    );
    expect(exists.message).to.equal('create jobs ns/a: AlreadyExists (HTTP 409): jobs "a" exists');
    expect([isAlreadyExists(exists), isConflict(exists)]).to.deep.equal([true, false]);
    const conflict = answerError(
      'apply jobs ns/a',
      409,
      status(409, 'Conflict', 'other manager'),
      undefined,
      now,
    );
    expect([isAlreadyExists(conflict), isConflict(conflict)]).to.deep.equal([false, true]);
  });

  it('show the text of an answer from a proxy', () => {
    const error = answerError('get pods ns/a', 502, '<h1>Bad gateway</h1>', undefined, now);
    expect([error.code, error.reason]).to.deep.equal([502, 'Unknown']);
    expect(error.message).to.contain('<h1>Bad gateway</h1>');
    expect(answerError('get pods ns/a', 404, '', undefined, now)).to.satisfy(isNotFound);
  });

  it('carry the requested wait, from the header or the body', () => {
    expect(answerError('x', 429, '', '3', now).retryAfterSeconds).to.equal(3);
    const body = status(429, 'TooManyRequests', 'slow down', { retryAfterSeconds: 2 });
    expect(answerError('x', 429, body, undefined, now).retryAfterSeconds).to.equal(2);
  });

  it('of a watch arrive as a line', () => {
    expect(watchError('watch pods', { code: 410, reason: 'Expired', message: 'too old' })).to.satisfy(isGone);
    expect(watchError('watch pods', undefined).code).to.equal(500);
  });

  it('of a connection show whether the request may have had an effect', () => {
    const failed = (code: string) => Object.assign(new Error(code), { code });
    expect(connectionOutcome(failed('ECONNREFUSED'))).to.deep.equal({ kind: 'refused' });
    expect(connectionOutcome(failed('UND_ERR_CONNECT_TIMEOUT'))).to.deep.equal({ kind: 'refused' });
    expect(connectionOutcome(failed('ECONNRESET'))).to.deep.equal({ kind: 'broken' });
    expect(connectionOutcome(new TypeError('failed', { cause: failed('UND_ERR_SOCKET') }))).to.deep.equal({
      kind: 'broken',
    });
    for (const final of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
      expect(connectionOutcome(failed(final)), final).to.equal(undefined);
    }
    expect(connectionOutcome(new TypeError('a bug of ours'))).to.equal(undefined);
  });
});
