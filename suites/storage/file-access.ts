import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { expect } from 'chai';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import { claimsOf, signedToken, unsignedToken } from '../clients/web/tokens.ts';
import { Inconclusive } from '../evidence/record.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

/** The storage-proxy's answer to an invalid token. */
const BAD_TOKEN: Refusal = { status: 400, kind: 'storage/invalid-api-params' };
/** The manager's answer to a path that the storage-proxy refused. */
const BAD_PATH: Refusal = { status: 400, kind: 'vfolder-operation-failed' };

/** Lifetime of a token: charts/backend-ai, storage-proxy.toml, session-expire. Seconds. */
const TOKEN_SECONDS = 86_400;

describe('access to files of a vfolder', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'storage-proxy']);
  let vfolders: VFolderFixture;
  let folder: VFolder;

  before('a user creates a folder', async () => {
    vfolders = new VFolderFixture(world());
    folder = await vfolders.make(world().afterSuite);
  });

  describe('is refused without a valid token', () => {
    const forgeries: [string, (claims: Record<string, unknown>, token: string) => string][] = [
      ['signed by another key', (claims) => signedToken(claims, 'a-secret-that-is-not-in-use-anywhere')],
      [
        'signed with the manager’s own secret',
        (claims) => signedToken(claims, world().connection.storageProxy.managerSecret),
      ],
      ['that is not signed', (claims) => unsignedToken(claims)],
      [
        'with other claims under the old signature',
        (claims, token) => {
          const [head, , signature] = token.split('.');
          const [, other] = unsignedToken({ ...claims, relpath: 'elsewhere.txt' }).split('.');
          return `${head}.${other}.${signature}`;
        },
      ],
      ['that is malformed', () => 'no-token'],
      [
        'that has expired',
        (claims) => {
          const { sessionSecret } = world().connection.storageProxy;
          if (!sessionSecret)
            throw new Inconclusive('the connection does not have the secret that signs transfers');
          const now = Math.floor(Date.now() / 1000);
          // The next test shows that such a signature is accepted, so it is not the reason for this refusal.
          return signedToken({ ...claims, exp: now - 5 }, sessionSecret);
        },
      ],
    ];
    const secret = randomBytes(32).toString('hex');
    before('a file exists', async () => {
      await vfolders.upload(folder.id, 'guarded.txt', secret);
    });

    for (const [what, forge] of forgeries) {
      it(`a token ${what}`, async () => {
        const { folders } = world().user;
        const down = await folders.requestDownload(folder.id, 'guarded.txt');
        expect((await vfolders.client.download(down)).bytes.toString()).to.equal(secret);
        const forged = forge(claimsOf(down.token), down.token);
        await expectRefusal(vfolders.client.download({ ...down, token: forged }), BAD_TOKEN);
        const up = await folders.requestUpload(folder.id, 'forged.txt', 3);
        const sent = vfolders.client.sendPart(forge(claimsOf(up.token), up.token), 0, Buffer.from('bad'));
        await expectRefusal(sent, BAD_TOKEN);
        expect(await vfolders.client.uploadState(up.token)).to.deep.equal({ offset: 0, length: 3 });
        expect(await vfolders.sizes(folder, 'forged.txt')).to.deep.equal({
          api: undefined,
          volume: undefined,
        });
      });
    }

    it('unless the token has a valid signature and date', async () => {
      const { connection, user } = world();
      const { sessionSecret } = connection.storageProxy;
      if (!sessionSecret) throw new Inconclusive('the secret that signs transfers is not known here');
      const down = await user.folders.requestDownload(folder.id, 'guarded.txt');
      const exp = Math.floor(Date.now() / 1000) + 60;
      const token = signedToken({ ...claimsOf(down.token), exp }, sessionSecret);
      expect((await vfolders.client.download({ ...down, token })).bytes.toString()).to.equal(secret);
    });

    it('a token of a past day: each is valid for one day at most', async () => {
      const { folders } = world().user;
      const tokens = {
        upload: await folders.requestUpload(folder.id, 'later.txt', 3),
        download: await folders.requestDownload(folder.id, 'guarded.txt'),
        archive: await folders.requestArchive(folder.id, ['guarded.txt']),
      };
      for (const [what, { token }] of Object.entries(tokens)) {
        const seconds = Number(claimsOf(token).exp) - Date.now() / 1000;
        expect(seconds, `seconds until the ${what} token expires`).to.be.within(60, TOKEN_SECONDS + 60);
      }
    });

    it('a token for the other direction', async () => {
      const { folders } = world().user;
      const down = await folders.requestDownload(folder.id, 'guarded.txt');
      const up = await folders.requestUpload(folder.id, 'guarded.txt', 3);
      await expectRefusal(vfolders.client.sendPart(down.token, 0, Buffer.from('bad')), BAD_TOKEN);
      await expectRefusal(vfolders.client.download({ ...down, token: up.token }), BAD_TOKEN);
      expect((await vfolders.download(folder.id, 'guarded.txt')).toString()).to.equal(secret);
    });
  });

  describe('cannot reach another folder', () => {
    let other: VFolder;
    let away: string;
    before('another folder with a file exists', async () => {
      other = await vfolders.make(world().afterSuite);
      await vfolders.upload(other.id, 'private.txt', 'private');
      const from = (await vfolders.volume.directory(folder)) ?? '';
      away = posix.relative(from, (await vfolders.volume.directory(other)) ?? '');
      expect(away).to.match(/^\.\.\//);
    });

    const ways: [string, () => Promise<unknown>, Refusal][] = [
      ['to list', () => world().user.folders.files(folder.id, away), BAD_PATH],
      ['to delete', () => world().user.folders.deleteFiles(folder.id, [`${away}/private.txt`]), BAD_PATH],
      ['to create folders in', () => world().user.folders.mkdir(folder.id, `${away}/made`), BAD_PATH],
      [
        'to download',
        async () =>
          vfolders.client.download(
            await world().user.folders.requestDownload(folder.id, `${away}/private.txt`),
          ),
        { status: 404, kind: 'storage/file-not-found' },
      ],
      [
        'to download through a folder',
        async () =>
          vfolders.client.download(await world().user.folders.requestDownload(folder.id, 'private.txt'), {
            query: { dst_dir: away },
          }),
        { status: 404, kind: 'storage/file-not-found' },
      ],
      [
        'to download in an archive',
        async () =>
          vfolders.client.download(
            await world().user.folders.requestArchive(folder.id, [`${away}/private.txt`]),
          ),
        BAD_TOKEN,
      ],
      [
        'to upload to, by an absolute path',
        () => world().user.folders.requestUpload(folder.id, '/etc/passwd', 1),
        BAD_PATH,
      ],
      ['to list, by an absolute path', () => world().user.folders.files(folder.id, '/etc'), BAD_PATH],
    ];
    for (const [what, act, refusal] of ways) {
      it(what, async () => {
        await expectRefusal(act(), refusal);
        expect(await vfolders.volume.files(other)).to.deep.equal([
          { name: 'private.txt', type: 'FILE', size: 7 },
        ]);
        expect((await vfolders.download(other.id, 'private.txt')).toString()).to.equal('private');
      });
    }
  });
});
