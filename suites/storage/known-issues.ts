import { posix } from 'node:path';
import { expect } from 'chai';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import { START_SECONDS } from '../clients/manager/session-watch.ts';
import { type Invitation, uuidOf, type VFolder } from '../clients/manager/vfolders.ts';
import { ObjectStorage } from '../clients/storage/object-storage.ts';
import { S3Server } from '../clients/storage/s3-server.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

/**
 * What is right, and what Backend.AI 26.9.6 does wrong: suites/known-issues gives the cause of each. These tests
 * fail until Backend.AI is fixed.
 */
describe('known issues of storage', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  let vfolders: VFolderFixture;
  before(() => {
    vfolders = new VFolderFixture(world());
  });

  describe('an upload stays in its folder', () => {
    let mine: VFolder;
    let strange: VFolder;
    let away: string;
    const nothingIn = async (folder: VFolder): Promise<void> => {
      const names = (await vfolders.volume.files(folder)).map(({ name }) => name);
      expect(names, 'the folder of a stranger').to.deep.equal([]);
    };
    beforeEach('a folder exists, and one of another user', async () => {
      const { user2, afterTest } = world();
      mine = await vfolders.make(afterTest);
      strange = await vfolders.make(afterTest, user2);
      const from = (await vfolders.volume.directory(mine)) ?? 'none';
      away = posix.relative(from, (await vfolders.volume.directory(strange)) ?? 'none');
    });

    it('whatever its path is', async () => {
      const { token } = await world()
        .user.folders.requestUpload(mine.id, `${away}/planted.txt`, 3)
        .catch(() => ({ token: undefined }));
      if (token) await vfolders.client.sendPart(token, 0, Buffer.from('bad')).catch(() => undefined);
      await nothingIn(strange);
    });

    it('whatever folder the client names (dst_dir)', async () => {
      const { token } = await world().user.folders.requestUpload(mine.id, 'planted.txt', 3);
      await vfolders.client.sendPart(token, 0, Buffer.from('bad'), { dst_dir: away }).catch(() => undefined);
      await nothingIn(strange);
    });
  });

  it('an upload is not longer than announced', async () => {
    const folder = await vfolders.make(world().afterTest);
    const { token } = await world().user.folders.requestUpload(folder.id, 'short.txt', 3);
    const refused = await vfolders.client.sendPart(token, 0, Buffer.from('much longer than that')).then(
      () => 'accepted',
      () => 'refused',
    );
    expect(refused).to.equal('refused');
    expect((await vfolders.volume.files(folder)).filter((entry) => entry.type === 'FILE')).to.deep.equal([]);
  });

  it('a folder in the trash bin accepts no upload, by id or by name', async () => {
    const { user, afterTest } = world();
    const folder = await vfolders.make(afterTest);
    await user.folders.trash(folder.id);
    const refusal: Refusal = { status: 400, kind: 'vfolder-filter-status-failed' };
    await expectRefusal(user.folders.requestUpload(folder.name, 'x', 1), refusal);
    await expectRefusal(user.folders.requestUpload(folder.id, 'x', 1), refusal);
  });

  it('a new name with a path is refused as a client error', async () => {
    const { user, afterTest } = world();
    const folder = await vfolders.make(afterTest);
    await vfolders.upload(folder.id, 'file.txt', 'x');
    const asked = user.folders.renameFile(folder.id, 'file.txt', '../../moved.txt');
    await expectRefusal(asked, { status: 400, kind: 'vfolder-operation-failed' });
  });

  it('a folder that a session has mounted is not deleted by force', async function () {
    this.timeout((START_SECONDS + 60) * 1000);
    const { user, afterTest } = world();
    const folder = await vfolders.make(afterTest);
    await vfolders.upload(folder.id, 'in-use.txt', 'in use');
    await world().startSession(afterTest, { config: { ...SMALL, mount_ids: [uuidOf(folder)] } });
    const refusal: Refusal = { status: 400, kind: 'vfolder-deletion-not-allowed' };
    await expectRefusal(user.folders.forceDelete(folder.id), refusal);
    expect((await vfolders.volume.files(folder)).map((entry) => entry.name)).to.deep.equal(['in-use.txt']);
  });

  describe('a folder shared for writing', () => {
    let folder: VFolder;
    let offer: Invitation | undefined;
    before('user2 shares it with user', async () => {
      const { user, user2, afterSuite, connection } = world();
      folder = await vfolders.make(afterSuite, user2);
      await user2.folders.invite(folder.name, 'rw', [connection.accounts.user.email]);
      offer = (await user.folders.invitations()).find((one) => one.vfolder_id === uuidOf(folder));
      await user.folders.acceptInvitation(offer?.id ?? '');
    });

    it('is offered with the invitee and the state of the invitation', async () => {
      const { connection } = world();
      expect(offer).to.include({ invitee: connection.accounts.user.email, state: 'pending' });
    });

    it('accepts uploads of the invited user', async () => {
      await vfolders.upload(folder.id, 'by-borrower.txt', 'written', world().user);
      expect((await vfolders.download(folder.id, 'by-borrower.txt', world().user2)).toString()).to.equal(
        'written',
      );
    });

    it('cannot be deleted by the invited user', async () => {
      const { user, user2 } = world();
      const asked = user.folders.trash(folder.id).then(() => user2.folders.restore(folder.id));
      await expectRefusal(asked, { status: 403, kind: 'not-enough-permission' });
      expect((await vfolders.row(folder.id))?.status).to.equal('ready');
    });

    // This test is the last one, because it ends the sharing.
    it('can be left by the invited user', async () => {
      const { user } = world();
      await user.folders.leave(folder.id);
      expect((await user.folders.list()).map((one) => one.id)).not.to.include(folder.id);
    });
  });

  describe('object storages', () => {
    let storage: ObjectStorage;
    let server: S3Server;
    before(() => {
      const { connection } = world();
      storage = new ObjectStorage(connection.storageProxy, connection.s3.bucket);
      server = new S3Server(connection.s3);
    });

    it('accept an upload', async () => {
      const key = world().name('object');
      world().afterTest.add(`object ${key}`, () => server.request('DELETE', key));
      await storage.put(key, Buffer.from('uploaded'));
      expect((await server.get(key))?.toString()).to.equal('uploaded');
    });

    it('report that an object does not exist', async () => {
      const refusal: Refusal = { status: 404, kind: 'storage/bucket/file/object-not-found' };
      await expectRefusal(storage.meta(world().name('no-object')), refusal);
    });
  });
});
