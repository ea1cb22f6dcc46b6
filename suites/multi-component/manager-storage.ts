import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { Api } from '../clients/http/api.ts';
import { answeredWith } from '../clients/http/request-metrics.ts';
import { type VFolder, VFolders } from '../clients/manager/vfolders.ts';
import { StorageManagerClient } from '../clients/storage/storage-proxy.ts';
import {
  AccountAdministration,
  HOST_PERMISSIONS,
  type HostPermission,
  type NewUser,
} from '../fixtures/administration/account-administration.ts';
import { ProjectAdministration } from '../fixtures/administration/project-administration.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

const UNKNOWN = '0'.repeat(32);

describe('manager and storage-proxy', () => {
  const world = useWorld(['manager', 'postgres', 'etcd', 'storage-proxy']);
  let vfolders: VFolderFixture;
  before(() => {
    vfolders = new VFolderFixture(world());
  });

  /** The volumes of the storage-proxy, from its own API. */
  const ownVolumes = async (): Promise<
    { name: string; backend: string; path: string; capabilities: string[] }[]
  > => {
    const path = '/volumes';
    type Volumes = { volumes: { name: string; backend: string; path: string; capabilities: string[] }[] };
    return (await vfolders.volume.api.json<Volumes>({ method: 'GET', path })).volumes;
  };

  describe('the volumes', () => {
    it('that the manager offers are those of the storage-proxy, with backend and capabilities', async () => {
      const { user, connection } = world();
      const offered = await user.api.json<{
        allowed: string[];
        default: string;
        volume_info: Record<
          string,
          { backend: string; capabilities: string[]; usage: { percentage: number } }
        >;
      }>({ method: 'GET', path: '/folders/_/hosts' });
      const own = await ownVolumes();
      const [proxy] = connection.storageProxy.volume.split(':');
      expect(offered.allowed).to.deep.equal(own.map((volume) => `${proxy}:${volume.name}`));
      expect(offered.allowed).to.deep.equal([connection.storageProxy.volume]);
      expect(offered.default).to.equal(connection.storageProxy.volume);
      for (const volume of own) {
        const info = offered.volume_info[`${proxy}:${volume.name}`];
        expect(info).to.deep.include({ backend: volume.backend, capabilities: volume.capabilities });
        expect(info?.usage.percentage).to.be.within(0, 100);
      }
    });

    it('are shown to an administrator with their paths', async () => {
      const { admin, connection } = world();
      const query =
        'query { storage_volume_list(limit: 10, offset: 0) { total_count items { id backend path fsprefix } } }';
      const { storage_volume_list: shown } = await admin.graphql<{
        storage_volume_list: { total_count: number; items: Record<string, string>[] };
      }>(query);
      const [own] = await ownVolumes();
      expect(shown.total_count).to.equal(1);
      expect(shown.items).to.deep.equal([
        { id: connection.storageProxy.volume, backend: own?.backend, path: own?.path, fsprefix: '.' },
      ]);
    });

    it('are reachable at the addresses in etcd, and clients get the client address', async () => {
      const { etcd, connection } = world();
      const [proxy] = connection.storageProxy.volume.split(':');
      const key = `volumes/proxies/${proxy}`;
      expect(await etcd.get(`${key}/client_api`)).to.equal(connection.storageProxy.clientUrl);
      // The secret must never appear in a report.
      expect((await etcd.get(`${key}/secret`)) === connection.storageProxy.managerSecret).to.equal(true);
      const folder = await vfolders.make(world().afterTest);
      const transfer = await new VFolders(world().user.api).requestUpload(folder.name, 'some.txt', 1);
      expect(transfer.url.startsWith(connection.storageProxy.clientUrl), transfer.url).to.equal(true);
    });

    for (const host of ['local:no-such-volume', 'nobody:volume1']) {
      it(`that do not exist accept no folder: ${host}`, async () => {
        const name = world().name('folder');
        await expectRefusal(new VFolders(world().user.api).create({ name, host }), {
          status: 400,
          kind: 'storage-permission-not-allowed',
          msg: host,
        });
        expect(await world().database.rows('SELECT 1 FROM vfolders WHERE name = $1', [name])).to.deep.equal(
          [],
        );
      });
    }
  });

  describe('the shared secret', () => {
    let folder: VFolder;
    before(async () => {
      folder = await vfolders.make(world().afterSuite);
    });
    const requests: [string, 'GET' | 'POST', string, (folder: VFolder) => unknown][] = [
      ['to see the volumes', 'GET', '/volumes', () => undefined],
      [
        'to create a folder',
        'POST',
        '/folder/create',
        ({ quota_scope_id }) => `${quota_scope_id}/${UNKNOWN}`,
      ],
      ['to delete a folder', 'POST', '/folder/delete', ({ quota_scope_id, id }) => `${quota_scope_id}/${id}`],
      [
        'to start an upload',
        'POST',
        '/folder/file/upload',
        ({ quota_scope_id, id }) => `${quota_scope_id}/${id}`,
      ],
    ];
    for (const [what, method, path, vfid] of requests) {
      it(`is required ${what}: a wrong or missing secret is refused without effect`, async () => {
        const { storageProxy } = world().connection;
        const json = { volume: 'volume1', vfid: vfid(folder), relpath: 'x', size: 1 };
        const body = method === 'POST' ? { json } : {};
        const wrong = new StorageManagerClient(storageProxy, 'not-the-secret'.repeat(3));
        const refusal = { status: 403, kind: 'storage/forbidden' };
        const forged = await expectRefusal(wrong.api.request({ method, path, ...body }), refusal);
        expect(forged.title).to.include('invalid auth token');
        const without = new Api(storageProxy.managerUrl);
        const bare = await expectRefusal(without.request({ method, path, ...body }), refusal);
        expect(bare.title).to.include('missing auth token');
        expect(await vfolders.volume.directory(folder), 'the folder on the volume').to.be.a('string');
        expect(await vfolders.volume.directory({ ...folder, id: UNKNOWN })).to.equal(undefined);
        expect(await vfolders.volume.files(folder)).to.deep.equal([]);
      });
    }

    it('counts the refused requests as refused in the metrics of the storage-proxy', async () => {
      const { storageProxy } = world().connection;
      const before = await answeredWith(storageProxy.internalUrl, 400);
      for (let count = 0; count < 3; count += 1) {
        // A request without the secret is refused before the metrics see it.
        expect(await vfolders.volume.directory({ ...folder, id: UNKNOWN })).to.equal(undefined);
      }
      const after = await answeredWith(storageProxy.internalUrl, 400);
      expect(after, 'requests that the storage-proxy answered with 400').to.be.at.least(before + 3);
    });

    it('does not open the client API, which needs its own tokens', async () => {
      const { clientUrl, managerSecret } = world().connection.storageProxy;
      const client = new Api(clientUrl, () => ({ 'x-backendai-storage-auth-token': managerSecret }));
      await expectRefusal(client.request({ method: 'GET', path: '/volumes' }), {
        status: 404,
        kind: '',
      });
    });
  });

  describe('usage', () => {
    const sizes = [0, 1, 4096, 1_000_003];
    let folder: VFolder;
    before('files of known sizes are uploaded', async function () {
      this.timeout(60_000);
      folder = await vfolders.make(world().afterSuite);
      for (const size of sizes) await vfolders.upload(folder.name, `file-${size}`, randomBytes(size));
    });

    /** Usage of the folder from each side. */
    const reported = async () => {
      const { admin, user, connection } = world();
      const query = { folder_host: connection.storageProxy.volume, id: folder.id };
      const info = await new VFolders(user.api).info(folder.name);
      const ofAdmin = await admin.api.json<{ data: { file_count: number; used_bytes: number } }>({
        method: 'GET',
        path: '/folders/_/usage',
        query,
      });
      return {
        info: { file_count: info.numFiles, used_bytes: info.used_bytes },
        ofAdmin: ofAdmin.data,
        onVolume: await vfolders.volume.usage(folder),
      };
    };

    it('equals the bytes written for the owner, the administrator and the volume', async () => {
      const expected = { file_count: sizes.length, used_bytes: sizes.reduce((sum, size) => sum + size, 0) };
      expect(await reported()).to.deep.equal({ info: expected, ofAdmin: expected, onVolume: expected });
      const listed = await vfolders.volume.files(folder);
      expect(Object.fromEntries(listed.map((file) => [file.name, file.size]))).to.deep.equal(
        Object.fromEntries(sizes.map((size) => [`file-${size}`, size])),
      );
    });

    it('shrinks when a file is deleted', async () => {
      await new VFolders(world().user.api).deleteFiles(folder.name, ['file-1000003']);
      expect(await reported()).to.deep.equal({
        info: { file_count: 3, used_bytes: 4097 },
        ofAdmin: { file_count: 3, used_bytes: 4097 },
        onVolume: { file_count: 3, used_bytes: 4097 },
      });
    });
  });

  describe('permissions on a volume', () => {
    let administration: AccountAdministration;
    let policy: string;
    let user: NewUser;

    before('a user has a policy that allows nothing', async function () {
      this.timeout(60_000);
      const { afterSuite } = world();
      administration = new AccountAdministration(world());
      policy = world().name('policy');
      await administration.keyPairPolicy(
        policy,
        { concurrentSessions: 1, slots: {}, volume: [] },
        afterSuite,
      );
      user = await administration.user(world().name('user'), { keyPairPolicy: policy }, afterSuite);
    });

    const allow = (volume: readonly HostPermission[]) =>
      administration.changeKeyPairPolicy(policy, { volume });
    const rowsOf = (name: string) => world().database.rows('SELECT 1 FROM vfolders WHERE name = $1', [name]);
    const refusal = { status: 400, kind: 'storage-permission-not-allowed' };

    it("to create folders come from the key pair's policy: refused without, granted with", async () => {
      const { afterTest } = world();
      const name = world().name('folder');
      const request = vfolders.make(afterTest, user.api, name);
      await expectRefusal(request, { ...refusal, msg: 'create-vfolder' });
      expect(await rowsOf(name)).to.deep.equal([]);

      afterTest.add('permissions of the policy', () => allow([]));
      await allow(HOST_PERMISSIONS);
      const folder = await vfolders.make(afterTest, user.api, name);
      expect(await vfolders.row(folder.id)).to.include({ user: user.id, status: 'ready' });
      expect(await vfolders.volume.directory(folder)).to.be.a('string');

      await allow(HOST_PERMISSIONS.filter((one) => one !== 'create-vfolder'));
      const another = world().name('folder');
      await expectRefusal(vfolders.make(afterTest, user.api, another), { ...refusal, msg: 'create-vfolder' });
      expect(await rowsOf(another)).to.deep.equal([]);
    });

    it('for files also come from the domain', async () => {
      const { afterTest, database, connection } = world();
      const [domain] = await database.rows<{ hosts: Record<string, string[]> }>(
        'SELECT allowed_vfolder_hosts AS hosts FROM domains WHERE name = $1',
        [connection.domain],
      );
      expect(domain?.hosts[connection.storageProxy.volume]).to.include.members([
        'upload-file',
        'download-file',
      ]);
      afterTest.add('permissions of the policy', () => allow([]));
      await allow(HOST_PERMISSIONS);
      const folder = await vfolders.make(afterTest, user.api);
      afterTest.add('permissions to delete', () => allow(HOST_PERMISSIONS));
      await allow(['create-vfolder']);
      await vfolders.upload(folder.name, 'kept.txt', 'kept', user.api);
      expect((await vfolders.download(folder.name, 'kept.txt', user.api)).toString()).to.equal('kept');
      expect((await vfolders.volume.files(folder)).map((file) => file.name)).to.deep.equal(['kept.txt']);
    });

    it('to create project folders come from the project: refused without, granted with', async () => {
      const { admin, afterTest } = world();
      const projects = new ProjectAdministration(world());
      const project = await projects.project(world().name('project'), afterTest);
      const host = world().connection.storageProxy.volume;
      const make = async (name: string): Promise<VFolder> => {
        const folder = await admin.api.json<VFolder>({
          method: 'POST',
          path: '/folders',
          json: { name, host, group: project },
        });
        afterTest.add(`vfolder ${name}`, () => vfolders.remove(folder, admin));
        return folder;
      };
      const name = world().name('folder');
      await expectRefusal(make(name), { ...refusal, msg: 'create-vfolder' });
      expect(await rowsOf(name)).to.deep.equal([]);

      await projects.allow(project, HOST_PERMISSIONS);
      const folder = await make(name);
      expect(folder.quota_scope_id).to.equal(`project:${project}`);
      expect(await vfolders.row(folder.id)).to.include({
        quota_scope_id: `project:${project}`,
        status: 'ready',
      });
      expect(await vfolders.volume.directory(folder)).to.be.a('string');
    });
  });
});
