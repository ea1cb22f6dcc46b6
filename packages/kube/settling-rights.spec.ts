import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { expect } from 'chai';
import { ApiError, isRefused, lacksRights } from './requests/api-error.ts';
import { withSettlingRights } from './settling-rights.ts';

const refusal = (code: number, message: string): ApiError =>
  new ApiError({ what: 'create pods ns/a', code, reason: 'Forbidden', message });
const WITHOUT_RIGHTS = refusal(
  403,
  'pods "a" is forbidden: User "u" cannot create resource "pods" in API group "" in the namespace "ns"',
);

describe('a refusal by the API server', () => {
  for (const [what, error, rights, refused] of [
    ['of a caller without the right', WITHOUT_RIGHTS, true, false],
    [
      'of a caller who may not grant a right',
      refusal(
        403,
        'roles.rbac.authorization.k8s.io "a" is forbidden: user "u" (groups=["g"]) is attempting to grant RBAC permissions',
      ),
      true,
      false,
    ],
    [
      'by a quota',
      refusal(403, 'pods "a" is forbidden: exceeded quota: full, requested: pods=1'),
      false,
      true,
    ],
    [
      'by a webhook with a code of its own',
      refusal(500, 'admission webhook "w" denied the request: no'),
      false,
      true,
    ],
    ['of an invalid object', refusal(422, 'Job.batch "a" is invalid: spec'), false, true],
    ['of an object that is too large', refusal(413, 'Request entity too large'), false, true],
    ['because it is not well', refusal(500, 'etcdserver: request timed out'), false, false],
  ] as const) {
    it(`${what} ${rights ? 'may pass' : refused ? 'is final' : 'is no refusal of the object'}`, () => {
      expect([lacksRights(error), isRefused(error)]).to.deep.equal([rights, refused]);
    });
  }
});

describe('a call with new rights', () => {
  it('is repeated until the API server knows them', async () => {
    const clock = new FakeClock();
    let tries = 0;
    const call = withSettlingRights(
      async () => {
        tries += 1;
        if (tries < 4) throw WITHOUT_RIGHTS;
        return 'done';
      },
      { clock },
    );
    await clock.advance(60_000);
    expect([await call, tries]).to.deep.equal(['done', 4]);
  });

  it('ends with the last refusal, its time and the number of tries', async () => {
    const clock = new FakeClock();
    const call = withSettlingRights(() => Promise.reject(WITHOUT_RIGHTS), { clock, withinMs: 1_000 }).catch(
      String,
    );
    await clock.advance(60_000);
    expect(await call).to.match(/User "u" cannot create.*still refused after \d+ s and 4 tries/);
  });

  it('ends at once with any other error', async () => {
    const clock = new FakeClock();
    const quota = refusal(403, 'pods "a" is forbidden: exceeded quota: full');
    const call = withSettlingRights(() => Promise.reject(quota), { clock }).catch((error: unknown) => error);
    expect(await call).to.equal(quota);
    expect(clock.pending).to.equal(0);
  });
});
