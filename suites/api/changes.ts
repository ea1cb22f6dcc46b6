import { expect } from 'chai';
import type { Method } from 'got';
import { GraphQl } from '../clients/manager/graphql-v2.ts';
import {
  AccountAdministration,
  HOST_PERMISSIONS,
} from '../fixtures/administration/account-administration.ts';
import { ProjectAdministration } from '../fixtures/administration/project-administration.ts';
import { emptyResourceGroup } from '../fixtures/administration/resource-group.ts';
import { useWorld } from '../fixtures/world.ts';

/** Fields that any change may change. */
const TIMES = /^(modified_at|updated_at)$/;

/** A record as a flat list: "limits.cpu" → value. */
function flat(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return { [path]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) => flat(inner, path ? `${path}.${key}` : key)),
  );
}

/** Fields that differ between two records, without the times of a change. */
function changed(before: unknown, after: unknown): Record<string, { before: unknown; after: unknown }> {
  const [one, other] = [flat(before), flat(after)];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(
    names
      .filter((name) => !TIMES.test(name.split('.').at(-1) ?? ''))
      .filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))
      .map((name) => [name, { before: one[name], after: other[name] }]),
  );
}

describe('a change of one field', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres']);
  let v2: GraphQl;
  let accounts: AccountAdministration;
  let limits: string;

  const read = <T>(path: string, method: Method = 'GET', json?: unknown) =>
    world().admin.api.json<T>({ method, path, ...(json === undefined ? {} : { json }) });

  before('an administrator makes a policy with all limits', async () => {
    v2 = new GraphQl(world().admin.api, 2);
    accounts = new AccountAdministration(world());
    limits = world().name('changed');
    const slots = { cpu: '7', mem: '1073741824' };
    await accounts.keyPairPolicy(
      limits,
      { concurrentSessions: 3, slots, volume: HOST_PERMISSIONS },
      world().afterSuite,
    );
  });

  const policy = () => `/v2/resource-policies/keypair/${limits}`;

  it('of a policy of key pairs leaves the others, over REST and GraphQL', async () => {
    const before = await read(policy());
    await read(policy(), 'PATCH', { max_concurrent_sessions: 4 });
    const between = await read(policy());
    expect(Object.keys(changed(before, between))).to.have.lengthOf(1);
    await v2.data(
      `mutation { adminUpdateKeypairResourcePolicyV2(name: "${limits}", input: {idleTimeout: 77}) { __typename } }`,
    );
    const [other, ...more] = Object.entries(changed(between, await read(policy())));
    expect(more).to.deep.equal([]);
    expect(other?.[0]).to.match(/idle_timeout$/);
    expect(other?.[1].after).to.equal(77);
  });

  it('of a policy of key pairs may limit what waits, and may take the limit back', async () => {
    const entry = { resource_type: 'cpu', quantity: '5' };
    await read(policy(), 'PATCH', { max_pending_session_resource_slots: [entry] });
    expect(JSON.stringify(await read(policy()))).to.match(/"max_pending_session_resource_slots":[^\]]*"cpu"/);
    await read(policy(), 'PATCH', { max_pending_session_resource_slots: null });
    expect(JSON.stringify(await read(policy()))).to.match(/"max_pending_session_resource_slots":(null|\[\])/);
  });

  it('of a policy may empty its limits', async () => {
    await read(policy(), 'PATCH', { total_resource_slots: [] });
    expect(JSON.stringify(await read(policy()))).to.match(/"total_resource_slots":(\[\]|null)/);
  });

  it('of a policy of users leaves the others, also sizes above 2 GiB, which GraphQL shows', async () => {
    const name = world().name('changed');
    await accounts.userPolicy(name, 5, world().afterTest);
    const path = `/v2/resource-policies/user/${name}`;
    await read(path, 'PATCH', { max_quota_scope_size: { expr: '10g' } });
    const before = await read(path);
    await v2.data(
      `mutation { adminUpdateUserResourcePolicyV2(name: "${name}", input: {maxVfolderCount: 6}) { __typename } }`,
    );
    expect(Object.keys(changed(before, await read(path)))).to.have.lengthOf(1);
    const shown = await world().admin.graphql<Record<string, Record<string, unknown>>>(
      `{ user_resource_policy(name: "${name}") { max_vfolder_count max_quota_scope_size created_at } }`,
    );
    expect(shown.user_resource_policy).to.include({ max_vfolder_count: 6 });
    expect(Number(shown.user_resource_policy?.max_quota_scope_size)).to.equal(10 * 1024 ** 3);
    const age = Date.now() - Date.parse(String(shown.user_resource_policy?.created_at));
    expect(age, 'milliseconds since its creation').to.be.within(-60_000, 600_000);
  });

  it('of a resource preset leaves the others', async () => {
    const group = await emptyResourceGroup(world(), false, world().afterTest);
    const name = world().name('preset');
    const made = await read<{ resource_preset: { id: string } }>('/v2/resource-presets', 'POST', {
      name,
      resource_slots: [
        { resource_type: 'cpu', quantity: '2' },
        { resource_type: 'mem', quantity: '1073741824' },
      ],
      shared_memory: { expr: '256m' },
      resource_group_name: group,
    });
    const { id } = made.resource_preset;
    const path = `/v2/resource-presets/${id}`;
    world().afterTest.add(`preset ${name}`, async () => void (await read(path, 'DELETE')));
    const before = await read(path);
    await v2.data(
      `mutation { adminUpdateResourcePresetV2(input: {id: "${id}", name: "${name}-2"}) { __typename } }`,
    );
    const after = await read(path);
    expect(
      Object.entries(changed(before, after)).map(([field, { after: now }]) => [field.split('.').at(-1), now]),
    ).to.deep.equal([['name', `${name}-2`]]);
    expect(JSON.stringify(after)).to.include(group).and.to.include('268435456');
  });

  it('of a user leaves the others', async () => {
    const options = { keyPairPolicy: 'default' };
    const user = await accounts.user(world().name('changed'), options, world().afterTest);
    const path = `/v2/users/${user.id}`;
    await read(path, 'PATCH', {
      ...{ full_name: 'Full', description: 'Described', container_uid: 20_001, container_main_gid: 20_002 },
      ...{ need_password_change: true },
    });
    const before = await read(path);
    await v2.data(
      `mutation { adminUpdateUserV2(userId: "${user.id}", input: {fullName: "Other"}) { __typename } }`,
    );
    expect(
      Object.keys(changed(before, await read(path))).map((name) => name.split('.').at(-1)),
    ).to.deep.equal(['full_name']);
  });

  it('of their password ends the wish that a user changes it', async () => {
    const { database } = world();
    const user = await accounts.user(
      world().name('changed'),
      { keyPairPolicy: 'default' },
      world().afterTest,
    );
    await read(`/v2/users/${user.id}`, 'PATCH', { need_password_change: true });
    const mine = new GraphQl(user.api.api, 2);
    const query = 'mutation ($input: UpdateUserV2Input!) { updateUserV2(input: $input) { __typename } }';
    await mine.data(query, { input: { password: `${world().name('secret')}-aA1!` } });
    expect(
      await database.rows('SELECT need_password_change FROM users WHERE uuid = $1', [user.id]),
    ).to.deep.equal([{ need_password_change: false }]);
  });

  it('of a project leaves the others', async () => {
    const projects = new ProjectAdministration(world());
    const id = await projects.project(world().name('project'), world().afterTest);
    await projects.allow(id, HOST_PERMISSIONS);
    const path = `/v2/projects/${id}`;
    await read(path, 'PATCH', { description: 'Described', integration_name: 'integrated' });
    const before = await read(path);
    await v2.data(
      `mutation { adminUpdateProjectV2(projectId: "${id}", input: {description: "Other"}) { __typename } }`,
    );
    expect(
      Object.keys(changed(before, await read(path))).map((name) => name.split('.').at(-1)),
    ).to.deep.equal(['description']);
  });

  it('of the announcement hides it, and leaves its text', async () => {
    const path = '/manager/announcement';
    const before = await read<{ enabled: boolean; message: string }>(path);
    world().afterTest.add('the announcement', () =>
      world()
        .admin.api.request({ method: 'POST', path, json: before })
        .then(() => undefined),
    );
    const set = (json: object) => world().admin.api.request({ method: 'POST', path, json });
    await set({ enabled: true, message: 'maintenance at noon' });
    await set({ enabled: false });
    expect(await read(path)).to.deep.equal({ enabled: false, message: 'maintenance at noon' });
  });

  it('of a new user may be their ssh key, which they can read', async () => {
    const user = await accounts.user(
      world().name('changed'),
      { keyPairPolicy: 'default' },
      world().afterTest,
    );
    const { api } = user.api;
    const path = '/auth/ssh-keypair';
    await api.json({ method: 'GET', path });
    const made = await api.json<{ ssh_public_key: string }>({ method: 'PATCH', path });
    const read = await api.json<{ ssh_public_key: string }>({ method: 'GET', path });
    expect(read.ssh_public_key.trim()).to.equal(made.ssh_public_key.trim()).and.to.match(/^ssh-/);
  });
});

describe('a resource group without agents', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres']);

  it('has no room', async () => {
    const { user, connection, afterTest } = world();
    const group = await emptyResourceGroup(world(), true, afterTest);
    const answer = await user.api.json<{
      scaling_groups: Record<string, { remaining: Record<string, string> }>;
    }>({
      method: 'POST',
      path: '/resource/check-presets',
      json: { group: connection.project, scaling_group: group },
    });
    const remaining = Object.values(answer.scaling_groups[group]?.remaining ?? {}).map(Number);
    expect(remaining, 'what remains of each slot').not.to.include(Number.POSITIVE_INFINITY);
    expect(remaining.filter((amount) => amount > 0)).to.deep.equal([]);
  });
});
