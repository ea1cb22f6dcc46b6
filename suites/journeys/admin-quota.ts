import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { expectRefusal } from '../assertions/refusal.ts';
import { VERDICT_SECONDS, waitsBecause } from '../assertions/waiting-session.ts';
import { BackendAi } from '../clients/manager/backend-ai.ts';
import { END_SECONDS, START_SECONDS, waitForState } from '../clients/manager/session-watch.ts';
import { VFolders } from '../clients/manager/vfolders.ts';
import {
  AccountAdministration,
  HOST_PERMISSIONS,
  type NewUser,
} from '../fixtures/administration/account-administration.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { type RunningSession, SMALL, useWorld } from '../fixtures/world.ts';

const GIB = 1024 ** 3;

describe('limits that an administrator sets for a user', () => {
  const world = useWorld(['manager', 'postgres', 'storage-proxy', 'agent', 'observer']);
  let administration: AccountAdministration;
  let folders: VFolderFixture;
  let policy: string;
  let user: NewUser;
  /** Another user, who must never be affected. */
  let bystander: NewUser;

  const sessionOf = (cpu: number, mem: string) =>
    world().smallSession({ config: { ...SMALL, resources: { cpu, mem } } });

  const waits = (id: string, reason: RegExp): Promise<void> => waitsBecause(world(), user.api, id, reason);

  before('the administrator creates policies, a user and another user', async function () {
    this.timeout(60_000);
    const { afterSuite, database, connection } = world();
    administration = new AccountAdministration(world());
    folders = new VFolderFixture(world());
    policy = world().name('limits');
    const limits = {
      concurrentSessions: 1,
      slots: { cpu: '2', mem: String(1.5 * GIB) },
      volume: HOST_PERMISSIONS,
    };
    await administration.keyPairPolicy(policy, limits, afterSuite);
    await administration.userPolicy(policy, 1, afterSuite);
    const [project] = await database.rows<{ id: string }>(
      'SELECT id FROM groups WHERE name = $1 AND domain_name = $2',
      [connection.project, connection.domain],
    );
    const projects = [project?.id ?? 'none'];
    const options = { projects, userPolicy: policy, keyPairPolicy: policy };
    user = await administration.user(world().name('limited'), options, afterSuite);
    const free = { projects, keyPairPolicy: 'default' };
    bystander = await administration.user(world().name('bystander'), free, afterSuite);
  });

  describe('the new user', () => {
    it('is in the database with the key pair, policies and project that the administrator chose', async () => {
      const { database, connection } = world();
      const rows = await database.rows(
        `SELECT u.status::text, u.role::text, u.domain_name, u.resource_policy, k.resource_policy AS key_policy,
                k.is_active, k.is_admin
           FROM users u JOIN keypairs k ON k.user = u.uuid WHERE u.email = $1`,
        [user.account.email],
      );
      expect(rows).to.deep.equal([
        {
          status: 'active',
          role: 'user',
          domain_name: connection.domain,
          resource_policy: policy,
          key_policy: policy,
          is_active: true,
          is_admin: false,
        },
      ]);
    });

    it('sees their own role and is not an administrator', async () => {
      const role = await user.api.api.json({ method: 'GET', path: '/auth/role' });
      expect(role).to.deep.include({ global_role: 'user', domain_role: 'user' });
      const request = user.api.api.request({ method: 'POST', path: '/v2/users/search', json: {} });
      await expectRefusal(request, { status: 403, kind: 'generic-forbidden' });
    });

    it('is refused with a wrong password', async () => {
      const attempt = administration.signIn(user.account.email, 'not-the-password');
      await expectRefusal(attempt, { status: 401, kind: 'auth-failed' });
    });

    it('works with an additional key pair until the administrator deactivates it', async () => {
      const keys = await administration.keyPair(user.id, policy);
      const further = new BackendAi(world().connection.manager.url, keys);
      expect(await further.api.json({ method: 'GET', path: '/auth/role' })).to.deep.include({
        global_role: 'user',
      });
      await administration.setKeyPairActive(keys.accessKey, false);
      const [row] = await world().database.rows('SELECT is_active FROM keypairs WHERE access_key = $1', [
        keys.accessKey,
      ]);
      expect(row).to.deep.equal({ is_active: false });
      await expectRefusal(further.api.request({ method: 'GET', path: '/auth/role' }), {
        status: 401,
        kind: 'auth-failed',
      });
      expect(await user.api.api.json({ method: 'GET', path: '/auth/role' })).to.deep.include({
        global_role: 'user',
      });
    });
  });

  describe('the number of vfolders', () => {
    it('is limited: one more is refused and leaves no row', async () => {
      const { database, afterSuite } = world();
      const first = await folders.make(afterSuite, user.api);
      const name = world().name('folder');
      const request = folders.make(afterSuite, user.api, name);
      await expectRefusal(request, {
        status: 400,
        kind: 'invalid-api-params',
        msg: 'cannot create more vfolders',
      });
      const rows = await database.rows<{ name: string }>('SELECT name FROM vfolders WHERE "user" = $1', [
        user.id,
      ]);
      expect(rows.map((row) => row.name)).to.deep.equal([first.name]);
      expect((await new VFolders(user.api.api).list()).map((folder) => folder.name)).to.deep.equal([
        first.name,
      ]);
    });

    it('does not limit the other user', async () => {
      const { database, afterSuite } = world();
      await folders.make(afterSuite, bystander.api);
      await folders.make(afterSuite, bystander.api);
      const rows = await database.rows('SELECT 1 FROM vfolders WHERE "user" = $1', [bystander.id]);
      expect(rows).to.have.length(2);
    });

    it('can be raised, and the next one is created', async () => {
      const { database, afterSuite } = world();
      await administration.changeUserPolicy(policy, 2);
      const second = await folders.make(afterSuite, user.api);
      expect(await folders.row(second.id)).to.include({ status: 'ready', name: second.name });
      const rows = await database.rows('SELECT 1 FROM vfolders WHERE "user" = $1', [user.id]);
      expect(rows).to.have.length(2);
    });
  });

  describe('sessions', () => {
    let first: RunningSession;
    let second: string;
    let greedy: string;
    let others: Promise<RunningSession>;

    before('the first session of the user runs', async function () {
      this.timeout((START_SECONDS + 10) * 1000);
      first = await world().startSession(world().afterSuite, {}, user.api);
    });

    it('work within the limits: code runs, and the reported usage equals the database', async () => {
      const run = await runCode(user.api.sessions, first.id, { mode: 'query', code: '6 * 7' });
      expect(run).to.include({ stdout: '42', exitCode: 0 });
      const presets = await user.api.api.json<Record<string, Record<string, string>>>({
        method: 'POST',
        path: '/resource/check-presets',
        json: { group: world().connection.project },
      });
      const numbers = (name: string) =>
        Object.fromEntries(
          Object.entries(presets[name] ?? {}).map(([slot, amount]) => [slot, Number(amount)]),
        );
      const held = Object.fromEntries(
        (await world().database.allocations(first.id)).map((row) => [row.slot_name, row.used]),
      );
      expect(numbers('keypair_limits')).to.deep.equal({ cpu: 2, mem: 1.5 * GIB });
      expect(numbers('keypair_using')).to.deep.equal(held);
      expect(numbers('keypair_remaining')).to.deep.equal({ cpu: 1, mem: 1 * GIB });
    });

    it('wait with a reason and hold nothing at the maximum number of sessions', async function () {
      this.timeout((VERDICT_SECONDS + 20) * 1000);
      second = (await world().enqueue(sessionOf(1, '512m'), world().afterSuite, user.api)).sessionId;
      // The other user's session starts while the user waits.
      others = world().startSession(world().afterSuite, {}, bystander.api);
      others.catch(() => 'the test that awaits it reports the error');
      await waits(second, /cannot run more than 1 concurrent sessions/);
    });

    it('wait with a reason and hold nothing when they need more cores than allowed', async function () {
      this.timeout((VERDICT_SECONDS + 20) * 1000);
      greedy = (await world().enqueue(sessionOf(2, '512m'), world().afterSuite, user.api)).sessionId;
      await waits(greedy, /cpu: used 1 \+ requested 2 > limit 2 \(over by 1\)/);
    });

    it('wait with a reason and hold nothing when they need more memory than allowed', async function () {
      this.timeout((VERDICT_SECONDS + 20) * 1000);
      const wanted = await world().enqueue(sessionOf(1, '1088m'), world().afterTest, user.api);
      // Together 64 MiB more than allowed.
      await waits(
        wanted.sessionId,
        new RegExp(`mem: used ${GIB / 2} \\+ requested ${1088 * 1024 ** 2} > limit ${1.5 * GIB}`),
      );
    });

    it('of the other user start meanwhile', async function () {
      this.timeout((START_SECONDS + 20) * 1000);
      const session = await others;
      const run = await runCode(bystander.api.sessions, session.id, { mode: 'query', code: '6 * 7' });
      expect(run).to.include({ stdout: '42', exitCode: 0 });
      expect((await user.api.sessions.get(second)).status).to.equal('PENDING');
    });

    it('with more containers than allowed are refused at once and leave no row', async () => {
      const wanted = { ...sessionOf(1, '512m'), clusterSize: 2, clusterMode: 'single-node' as const };
      await expectRefusal(user.api.sessions.create(wanted), {
        status: 400,
        kind: 'quota-exceeded',
        msg: '1',
      });
      expect(await world().database.traces(wanted.name)).to.deep.equal({ sessions: 0, kernels: 0 });
    });

    it('start when the limits are raised', async function () {
      this.timeout((2 * START_SECONDS + 20) * 1000);
      await administration.changeKeyPairPolicy(policy, {
        concurrentSessions: 5,
        slots: { cpu: '4', mem: String(3 * GIB) },
      });
      const [row] = await world().database.rows(
        'SELECT max_concurrent_sessions AS sessions FROM keypair_resource_policies WHERE name = $1',
        [policy],
      );
      expect(row).to.deep.equal({ sessions: 5 });
      await waitForState(user.api.sessions, second, ['RUNNING'], 2 * START_SECONDS);
      await waitForState(user.api.sessions, greedy, ['RUNNING'], 2 * START_SECONDS);
      const run = await runCode(user.api.sessions, greedy, { mode: 'query', code: '6 * 7' });
      expect(run).to.include({ stdout: '42', exitCode: 0 });
      const used = await world().database.allocations(greedy);
      expect(used.find((allocation) => allocation.slot_name === 'cpu')).to.include({ used: 2 });
    });
  });

  describe('the deactivated user', () => {
    before('the administrator deactivates the user', async () => {
      world().afterSuite.add('deactivated user', () => administration.setStatus(user.id, 'active'));
      await administration.setStatus(user.id, 'inactive');
    });

    it('is refused at every request and at sign-in', async () => {
      const [row] = await world().database.rows('SELECT status::text FROM users WHERE uuid = $1', [user.id]);
      expect(row).to.deep.equal({ status: 'inactive' });
      const refusal = { status: 401, kind: 'auth-failed' };
      await expectRefusal(user.api.api.request({ method: 'GET', path: '/auth/role' }), {
        ...refusal,
        msg: 'inactive',
      });
      await expectRefusal(new VFolders(user.api.api).list(), refusal);
      const wanted = sessionOf(1, '512m');
      await expectRefusal(user.api.sessions.create(wanted), refusal);
      expect(await world().database.traces(wanted.name)).to.deep.equal({ sessions: 0, kernels: 0 });
      await expectRefusal(administration.signIn(user.account.email, user.account.password), refusal);
    });

    it('does not affect the other user', async () => {
      expect((await new VFolders(bystander.api.api).list()).length).to.equal(2);
      const keys = await administration.signIn(bystander.account.email, bystander.account.password);
      expect(keys.accessKey).to.equal(bystander.account.accessKey);
    });

    it('works again after activation', async function () {
      this.timeout((END_SECONDS + 20) * 1000);
      await administration.setStatus(user.id, 'active');
      expect((await new VFolders(user.api.api).list()).length).to.equal(2);
      const keys = await administration.signIn(user.account.email, user.account.password);
      expect(keys.accessKey).to.equal(user.account.accessKey);
    });
  });
});
