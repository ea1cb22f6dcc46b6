import { expect } from 'chai';
import { retryAfterSeconds, retryDelayMs, type TryOutcome } from './retry.ts';

const noJitter = () => 0;
const delay = (method: string, outcome: TryOutcome, tries = 1, remainingMs = 30_000) =>
  retryDelayMs({ method, outcome, tries, remainingMs }, noJitter);
const answer = (code: number, seconds?: number): TryOutcome => ({
  kind: 'answer',
  code,
  retryAfterSeconds: seconds,
});

describe('the decision to repeat a request', () => {
  it('repeats safe requests while the server has trouble, with growing waits', () => {
    for (const code of [429, 500, 502, 503, 504])
      expect(delay('PATCH', answer(code)), `${code}`).to.equal(100);
    expect(delay('GET', { kind: 'broken' }, 2)).to.equal(200);
    expect(delay('GET', { kind: 'broken' }, 20)).to.equal(5_000);
  });

  it('takes an answer about the request itself as final', () => {
    for (const code of [400, 401, 403, 404, 409, 410, 422]) {
      expect(delay('GET', answer(code)), `${code}`).to.equal(undefined);
    }
  });

  it('repeats a creation only when it was refused or never sent', () => {
    for (const outcome of [{ kind: 'broken' } as const, answer(500), answer(504), answer(503)]) {
      expect(delay('POST', outcome), JSON.stringify(outcome)).to.equal(undefined);
    }
    expect(delay('POST', { kind: 'refused' })).to.equal(100);
    expect(delay('POST', answer(429))).to.equal(100);
    expect(delay('POST', answer(503, 1))).to.equal(1_000);
  });

  it('waits as long as the server asks, unless the deadline comes first', () => {
    expect(delay('GET', answer(429, 4))).to.equal(4_000);
    expect(delay('GET', answer(429, 4), 1, 3_999)).to.equal(undefined);
    expect(delay('GET', { kind: 'refused' }, 1, 100)).to.equal(undefined);
  });

  it('gives up on 500 after three tries', () => {
    expect(delay('PATCH', answer(500), 2)).to.equal(200);
    expect(delay('PATCH', answer(500), 3)).to.equal(undefined);
  });

  it('reads Retry-After as seconds or as a date', () => {
    const now = new Date('2026-01-01T00:00:00Z');
    expect(retryAfterSeconds('7', now)).to.equal(7);
    expect(retryAfterSeconds('Thu, 01 Jan 2026 00:00:30 GMT', now)).to.equal(30);
    expect(retryAfterSeconds('Wed, 31 Dec 2025 00:00:30 GMT', now)).to.equal(0);
    expect(retryAfterSeconds('soon', now)).to.equal(undefined);
    expect(retryAfterSeconds(undefined, now)).to.equal(undefined);
  });
});
