import { expect } from 'chai';
import { BackendApiError } from '../clients/http/api.ts';
import { GraphQl } from '../clients/manager/graphql-v2.ts';
import { uuidOf, type VFolder } from '../clients/manager/vfolders.ts';
import { releases } from '../evidence/releases.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { AccountAdministration } from '../fixtures/administration/account-administration.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

describe('a vfolder in the v2 API', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  let folders: VFolderFixture;

  before(() => {
    folders = new VFolderFixture(world());
  });

  /** Creates a folder without saying more than its name. */
  const createPlain = async (): Promise<string> => {
    const { user, connection, afterTest } = world();
    const name = world().name('folder');
    const made = await user.api.json<{ vfolder: { id: string } }>({
      method: 'POST',
      path: '/v2/vfolders',
      json: { name, host: connection.storageProxy.volume },
    });
    const { id } = made.vfolder;
    afterTest.add(`vfolder ${name}`, () => folders.remove({ id: id.replaceAll('-', '') }));
    return id;
  };
  const find = async (folder: Pick<VFolder, 'id'>, account = world().user) =>
    account.api.json({ method: 'GET', path: `/v2/vfolders/${uuidOf(folder)}` });

  it('is not open for writing to others, unless its owner says so', async () => {
    const id = await createPlain();
    const columns = (
      await world().database.rows<{ column_name: string }>(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'vfolders' AND column_name IN ('permission', 'default_permission', 'default_mount_permission')",
      )
    ).map(({ column_name }) => column_name);
    expect(columns, 'columns with the rights of others').not.to.have.length(0);
    const [row] = await world().database.rows<Record<string, string | null>>(
      `SELECT ${columns.map((column) => `${column}::text`).join(', ') || '1'} FROM vfolders WHERE id = $1::uuid`,
      [id],
    );
    if (!row) throw new Error(`vfolder ${id} has no row in the database`);
    expect(Object.values(row), 'what others may do').not.to.include.oneOf(['rw', 'wd']);
  });

  it('is found by its owner, when it is the copy of another', async () => {
    const { user, connection, afterTest } = world();
    const name = world().name('original');
    const made = await user.folders.create({
      ...{ name, host: connection.storageProxy.volume, usage_mode: 'general' },
      ...{ cloneable: true },
    } as Parameters<typeof user.folders.create>[0]);
    afterTest.add(`vfolder ${name}`, () => folders.remove(made));
    const target = world().name('copy');
    const copied = await user.api.json<{ id: string }>({
      method: 'POST',
      path: `/folders/${made.id}/clone`,
      json: { target_name: target, cloneable: false, permission: 'wd', usage_mode: 'general' },
    });
    const id = copied.id.replaceAll('-', '');
    afterTest.add(`vfolder ${target}`, () => folders.remove({ id }));
    await waitUntil(
      'the copy to be ready',
      async () => {
        const row = await folders.row(id);
        return row?.status === 'ready' ? row : notYet(row?.status);
      },
      { deadlineSeconds: 30 },
    );
    expect(JSON.stringify(await find({ id }))).to.include(target);
    const listed = await user.api.json({
      method: 'POST',
      path: '/v2/vfolders/my/search',
      json: { limit: 100 },
    });
    expect(JSON.stringify(listed)).to.include(target);
  });

  it('of a user is seen by an administrator, also in the list of nodes', async () => {
    const folder = await folders.make(world().afterTest);
    const nodes = await new GraphQl(world().admin.api, 1).data<{
      vfolder_nodes: { edges: { node: { name: string } }[] };
    }>(`{ vfolder_nodes(first: 5, filter: "name == \\"${folder.name}\\"") { edges { node { name } } } }`);
    expect(nodes.vfolder_nodes.edges.map(({ node }) => node.name)).to.deep.equal([folder.name]);
    await find(folder, world().admin);
  });

  it('is on a host whose use is a percentage', async () => {
    const answer = await world().user.api.json<{
      volume_info: Record<string, { usage?: { percentage?: number } }>;
    }>({ method: 'GET', path: '/folders/_/hosts' });
    const shares = Object.values(answer.volume_info).map(({ usage }) => usage?.percentage ?? Number.NaN);
    expect(shares.length).to.be.greaterThan(0);
    // The disk of a node with images is more than one percent full. A share of one is no percentage.
    for (const share of shares) expect(share, 'percentage').to.be.within(1, 100);
  });

  it('whose name a user of the project has, may have the same name for another user', async () => {
    const name = world().name('same');
    const [one, other] = [
      await folders.make(world().afterTest, world().user, name),
      await folders.make(world().afterTest, world().user2, name),
    ];
    expect(one.id).not.to.equal(other.id);
  });
});

describe('an offer of a vfolder', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);

  for (const way of ['userId', 'email'] as const) {
    releases({ since: '26.9.0' }).it(`over GraphQL may name one user by ${way}`, async () => {
      const { user, connection, database, afterTest } = world();
      const folder = await new VFolderFixture(world()).make(afterTest);
      const { email } = connection.accounts.user2;
      const [other] = await database.rows<{ uuid: string }>('SELECT uuid FROM users WHERE email = $1', [
        email,
      ]);
      const v2 = new GraphQl(user.api, 2);
      const made = await v2.data<{
        createEntityShare: { share: { entityId: string; targetEntityId: string } };
      }>(
        'mutation ($input: CreateEntityShareInput!) { createEntityShare(input: $input) { share { entityId targetEntityId } } }',
        {
          input: {
            targetEntityType: 'vfolder',
            targetEntityId: uuidOf(folder),
            recipient: { [way]: way === 'userId' ? other?.uuid : email },
          },
        },
      );
      const { share } = made.createEntityShare;
      afterTest.add(`offer of ${folder.name}`, () =>
        v2.data(`mutation { cancelEntityShare(id: "${share.entityId}") { __typename } }`),
      );
      expect(share.targetEntityId).to.equal(uuidOf(folder));
    });
  }
});

describe('a vfolder in the trash bin', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);

  it('is deleted with its files when its owner is purged', async () => {
    const { admin, connection, afterTest } = world();
    const folders = new VFolderFixture(world());
    const accounts = new AccountAdministration(world());
    const { account, api } = await accounts.user(
      world().name('owner'),
      { keyPairPolicy: 'default' },
      afterTest,
    );
    const folder = await api.folders.create({
      name: world().name('trashed'),
      host: connection.storageProxy.volume,
    });
    afterTest.add(`vfolder ${folder.name}`, () => folders.remove(folder, admin));
    await api.folders.mkdir(folder.id, 'kept');
    await api.folders.trash(folder.id);
    expect(await folders.volume.directory(folder), 'its directory, in the trash bin').to.match(/^\/.+/);
    await accounts.purge(account.email);
    await folders.deleted(folder.id);
    expect(await folders.volume.directory(folder), 'its directory').to.equal(undefined);
  });
});

describe('an invitation to a vfolder', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  let folders: VFolderFixture;

  before(() => {
    folders = new VFolderFixture(world());
  });

  const invite = async (folder: VFolder) =>
    world().user.folders.invite(folder.id, 'ro', [world().connection.accounts.user2.email]);
  const received = async (folder: VFolder) => {
    const all = await world().user2.folders.invitations();
    return all.find(({ vfolder_id }) => [folder.id, uuidOf(folder)].includes(vfolder_id));
  };
  const accept = async (folder: VFolder): Promise<void> => {
    const invitation = await received(folder);
    if (!invitation) throw new Error(`the invited user has no invitation to ${folder.name}`);
    await world().user2.folders.acceptInvitation(invitation.id);
  };

  it('names the invited user to the one who sent it', async () => {
    const folder = await folders.make(world().afterTest);
    await invite(folder);
    const sent = await world().user.api.json<{ invitations: { vfolder_name: string; invitee: string }[] }>({
      method: 'GET',
      path: '/folders/invitations/list-sent',
    });
    const mine = sent.invitations.filter(({ vfolder_name }) => vfolder_name === folder.name);
    expect(mine.map(({ invitee }) => invitee)).to.deep.equal([world().connection.accounts.user2.email]);
  });

  it('to a folder that the user reaches already is no internal error', async () => {
    const folder = await folders.make(world().afterTest);
    await invite(folder);
    await accept(folder);
    const again = await invite(folder).catch((error: unknown) => error);
    if (again instanceof BackendApiError) expect(again.status).to.be.within(400, 499);
    const invitation = await received(folder);
    if (!invitation) return;
    const accepted = await world()
      .user2.folders.acceptInvitation(invitation.id)
      .catch((error: unknown) => error);
    if (accepted instanceof BackendApiError) expect(accepted.status).to.be.within(400, 499);
  });

  it('can be accepted again after the folder was given away and back', async () => {
    const { admin, connection, afterTest } = world();
    const { user, user2 } = connection.accounts;
    const folder = await folders.make(afterTest);
    const give = (email: string) =>
      admin.api.request({
        method: 'POST',
        path: '/folders/_/change-ownership',
        json: { vfolder: uuidOf(folder), user_email: email },
      });
    await invite(folder);
    await accept(folder);
    await give(user2.email);
    await give(user.email);
    await invite(folder);
    await accept(folder);
    const listed = await world().user2.folders.list();
    expect(listed.map(({ name }) => name)).to.include(folder.name);
  });
});
