import { expect } from 'chai';
import { BackendApiError } from '../clients/http/api.ts';
import { expectRefusal, type Refusal } from './refusal.ts';

describe('an expected refusal', () => {
  const wanted: Refusal = { status: 403, kind: 'not-enough-permission', msg: 'lacks' };
  const answer = (status: number, kind: string, msg: string) =>
    new BackendApiError('GET /x', status, {
      ...{ type: `https://api.backend.ai/probs/${kind}`, title: 'No.', msg },
    });
  /** The message of the failed assertion, or undefined if the answer is as expected. */
  const failure = async (request: Promise<unknown>, refusal = wanted): Promise<string | undefined> => {
    let error: unknown;
    await expectRefusal(request, refusal).catch((thrown: unknown) => {
      error = thrown;
    });
    return error === undefined ? undefined : String(error);
  };

  it('is the error with this status, this kind and this message', async () => {
    const error = answer(403, 'not-enough-permission', 'user lacks CREATE');
    expect(await expectRefusal(Promise.reject(error), wanted)).to.equal(error);
    expect(await failure(Promise.reject(error), { ...wanted, msg: /^user lacks/ })).to.equal(undefined);
    expect(await failure(Promise.reject(error), { status: 403, kind: wanted.kind })).to.equal(undefined);
  });

  for (const [what, error, refusal] of [
    ['another status', answer(404, 'not-enough-permission', 'lacks'), wanted],
    ['another kind', answer(403, 'generic-forbidden', 'lacks'), wanted],
    ['another text', answer(403, 'not-enough-permission', 'no'), wanted],
    ['another pattern', answer(403, 'not-enough-permission', 'no'), { ...wanted, msg: /lacks/ }],
  ] as const) {
    it(`is not the error with ${what}`, async () => {
      expect(await failure(Promise.reject(error), refusal)).to.match(/^AssertionError/);
    });
  }

  it('is no success, which the failure shows', async () => {
    expect(await failure(Promise.resolve({ id: 7 }))).to.equal(
      'Error: the request must be refused with 403 not-enough-permission, but was answered {"id":7}',
    );
  });

  it('is no success, and the failure shows the body of a raw answer once', async () => {
    const body = { id: 7 };
    const raw = { status: 200, headers: { server: 'x' }, body, bytes: Buffer.from(JSON.stringify(body)) };
    expect(await failure(Promise.resolve(raw))).to.match(
      /but was answered \{"status":200,"body":\{"id":7\}\}$/,
    );
  });

  it('is no other error', async () => {
    expect(await failure(Promise.reject(new Error('no answer')))).to.equal('Error: no answer');
  });
});
