import { expect } from 'chai';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import { noSessionOfThatName, noSuchProject, notYourSession } from '../assertions/session-refusals.ts';
import { Api } from '../clients/http/api.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import type { NewSession } from '../clients/manager/sessions.ts';
import { API_VERSION, authorization, signedBy } from '../clients/manager/signing.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('refusing a session', () => {
  const world = useWorld(['manager', 'postgres', 'agent']);

  /** Requests a session that must be refused, and expects that it leaves no row. */
  const refuses = async (more: Partial<NewSession>, refusal: Refusal): Promise<void> => {
    const { user, database, afterTest } = world();
    const wanted = world().smallSession(more);
    const request = user.sessions.create(wanted).then((created) => {
      // It must not exist. If it does, remove it.
      afterTest.add(`session ${created.sessionId}`, () => world().endSession(created.sessionId));
      return created;
    });
    await expectRefusal(request, refusal);
    expect(await database.traces(wanted.name), `rows of ${wanted.name}`).to.deep.equal({
      sessions: 0,
      kernels: 0,
    });
  };
  const resources = (amounts: Record<string, string | number>): Partial<NewSession> => ({
    config: { ...SMALL, resources: amounts },
  });

  describe('with an impossible request', () => {
    it('an unknown image', async () => {
      const { name, project } = world().connection.registry;
      await refuses(
        { image: `${name}/${project}/no-such-image:1.0` },
        { status: 404, kind: 'object-not-found' },
      );
    });
    it('an image of a registry that the domain does not allow', async () => {
      const image = 'registry.example.org/stable/kernel:1.0';
      await refuses({ image }, { status: 404, kind: 'object-not-found' });
    });
    it('less memory than the image needs', async () => {
      await refuses(resources({ cpu: 1, mem: '65m' }), {
        status: 400,
        kind: 'invalid-api-params',
        msg: 'smaller than the image minimum',
      });
    });
    it('memory that is not an amount', async () => {
      await refuses(resources({ cpu: 1, mem: 'lots' }), { status: 400, kind: 'invalid-api-params' });
    });
    it('a resource type that no agent has', async () => {
      await refuses(resources({ cpu: 1, mem: '512m', 'cuda.device': 1 }), {
        status: 400,
        kind: 'unknown-resource-slot-type',
        msg: 'cuda.device',
      });
    });
    it('more containers than the policy of the key pair allows', async () => {
      const { database, connection } = world();
      const [policy] = await database.rows<{ limit: number }>(
        `SELECT p.max_containers_per_session AS limit FROM keypairs k
           JOIN keypair_resource_policies p ON p.name = k.resource_policy WHERE k.access_key = $1`,
        [connection.accounts.user.accessKey],
      );
      const limit = policy?.limit ?? 0;
      expect(limit, 'the policy limits the containers of a session').to.be.above(0);
      await refuses(
        { clusterSize: limit + 1, clusterMode: 'single-node' },
        { status: 400, kind: 'quota-exceeded', msg: String(limit) },
      );
    });
    it('a resource group that does not exist', async () => {
      const config = { ...SMALL, scaling_group: 'no-such-group' };
      await refuses({ config }, { status: 404, kind: 'object-not-found' });
    });
    it('a project that does not exist', async () => {
      const group = 'no-such-project';
      await refuses({ group }, noSuchProject(world().connection.version, group));
    });
    it('a batch session without a command', async () => {
      await refuses({ type: 'batch' }, { status: 400, kind: 'invalid-api-params', msg: 'startup command' });
    });
  });

  describe('with invalid credentials', () => {
    const refusesAs = async (api: (url: string) => Api, status: number, kind: string): Promise<void> => {
      const { connection, database, user, afterTest } = world();
      const wanted = world().smallSession();
      // It must not exist. If it does, remove it.
      afterTest.add(`session ${wanted.name}`, async () => {
        for (const { id } of await user.sessions.match(wanted.name)) await world().endSession(id);
      });
      const request = api(connection.manager.url).request({ method: 'POST', path: '/session', json: wanted });
      await expectRefusal(request, { status, kind });
      expect(await database.traces(wanted.name)).to.deep.equal({ sessions: 0, kernels: 0 });
    };
    it('a wrong secret key', async () => {
      const { accessKey } = world().connection.accounts.user;
      const secretKey = 'wrong'.repeat(8);
      await refusesAs((url) => new Api(url, signedBy({ accessKey, secretKey })), 401, 'auth-failed');
    });
    it('an unknown access key', async () => {
      const { secretKey } = world().connection.accounts.user;
      await refusesAs(
        (url) => new Api(url, signedBy({ accessKey: 'AKIANOBODYHASTHIS000', secretKey })),
        401,
        'auth-failed',
      );
    });
    it('a signature made for another path', async () => {
      const keyPair = world().connection.accounts.user;
      const sign = signedBy(keyPair);
      await refusesAs(
        (url) => new Api(url, (request) => sign({ ...request, path: '/folders' })),
        401,
        'auth-failed',
      );
    });
    it('a signature of an hour ago', async () => {
      const keyPair = world().connection.accounts.user;
      const date = new Date(Date.now() - 3_600_000).toISOString();
      const late = (url: string) =>
        new Api(url, (request) => ({
          date,
          'x-backendai-version': API_VERSION,
          authorization: authorization({ ...request, date }, keyPair),
        }));
      await refusesAs(late, 400, 'invalid-auth-params');
    });
    it('no signature at all', async () => {
      await refusesAs(
        (url) => new Api(url, () => ({ 'x-backendai-version': API_VERSION })),
        401,
        'auth-failed',
      );
    });
  });

  describe('that does not exist', () => {
    const execution = { mode: 'query', runId: 'none', code: '1' } as const;
    const actions: [string, (account: BackendAi, session: string) => Promise<unknown>][] = [
      ['to look at', (account, session) => account.sessions.get(session)],
      ['to run code in', (account, session) => account.sessions.execute(session, execution)],
      ['to end', (account, session) => account.sessions.destroy(session)],
    ];
    for (const [what, act] of actions) {
      it(`${what}, by name`, async () => {
        const refusal = noSessionOfThatName(world().connection.version);
        await expectRefusal(act(world().user, 'e2e-no-such-session'), refusal);
      });
      // A user gets the same answer for an unknown id as for another user's session.
      it(`${what}, by id`, async () => {
        const refusal = notYourSession(world().connection.version, UNKNOWN);
        await expectRefusal(act(world().user, UNKNOWN), refusal);
      });
      it(`${what}, by id, as an administrator`, async () => {
        await expectRefusal(act(world().admin, UNKNOWN), { status: 404, kind: 'object-not-found' });
      });
    }
  });
});
