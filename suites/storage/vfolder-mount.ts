import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import type { BackendAi } from '../clients/manager/backend-ai.ts';
import { END_SECONDS, START_SECONDS, waitForEnd } from '../clients/manager/session-watch.ts';
import { uuidOf, type VFolder } from '../clients/manager/vfolders.ts';
import { measure } from '../evidence/record.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { type RunningSession, SMALL, useWorld } from '../fixtures/world.ts';

/** Longest name of a vfolder (API_VFOLDER_LENGTH_LIMIT in ai.backend.common.defs). */
const NAME_LENGTH = 64;
/** Linux: read-only file system. */
const EROFS = 30;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const FORBIDDEN: Refusal = { status: 403, kind: 'not-enough-permission' };
const UNKNOWN: Refusal = { status: 404, kind: 'object-not-found' };

describe('vfolders in sessions', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer', 'storage-proxy']);
  let vfolders: VFolderFixture;
  /** Folders of the session's owner, mounted for writing and read-only. */
  let own: VFolder;
  let fixed: VFolder;
  /** Folders of another user, shared for reading and for writing. */
  let lentToRead: VFolder;
  let lentToWrite: VFolder;
  let session: RunningSession;
  const content = randomBytes(300_000);

  const share = async (folder: VFolder, permission: 'ro' | 'rw'): Promise<void> => {
    const { user, user2, connection } = world();
    const invited = await user2.folders.invite(folder.name, permission, [connection.accounts.user.email]);
    expect(invited).to.deep.equal([connection.accounts.user.email]);
    const seenBefore = (await user.folders.list()).map((one) => one.id);
    expect(seenBefore, 'an invitation alone gives nothing').not.to.include(folder.id);
    await expectRefusal(user.folders.files(folder.id), FORBIDDEN);
    const invitation = (await user.folders.invitations()).find((one) => one.vfolder_id === uuidOf(folder));
    expect(invitation).to.include({
      inviter: connection.accounts.user2.email,
      perm: permission,
      vfolder_name: folder.name,
    });
    await user.folders.acceptInvitation(invitation?.id ?? '');
  };

  const python = async (code: string): Promise<unknown> => {
    const done = await runCode(world().user.sessions, session.id, {
      mode: 'query',
      code: `import json\n${code}`,
    });
    expect(done.exitCode, done.stderr).to.equal(0);
    return JSON.parse(done.stdout);
  };

  /** Error numbers that the session's code gets when it tries every way to change a directory. */
  const attempts = (directory: string): Promise<unknown> =>
    python(`import os, shutil
base = ${JSON.stringify(directory)}
def attempt(act):
    try:
        act()
        return 0
    except OSError as error:
        return error.errno
print(json.dumps([attempt(act) for act in (
    lambda: open(base + "/new.txt", "w"),
    lambda: open(base + "/in.bin", "ab"),
    lambda: os.remove(base + "/in.bin"),
    lambda: os.rename(base + "/in.bin", base + "/out.bin"),
    lambda: os.mkdir(base + "/directory"),
    lambda: os.chmod(base + "/in.bin", 0o777),
)]))`);

  before('a session runs with four folders', async function () {
    this.timeout((START_SECONDS + 60) * 1000);
    const { user, user2, afterSuite } = world();
    vfolders = new VFolderFixture(world());
    own = await vfolders.make(afterSuite);
    fixed = await vfolders.make(afterSuite);
    lentToRead = await vfolders.make(afterSuite, user2);
    lentToWrite = await vfolders.make(afterSuite, user2);
    for (const [folder, account] of [
      [own, user],
      [fixed, user],
      [lentToRead, user2],
      [lentToWrite, user2],
    ] as [VFolder, BackendAi][]) {
      await vfolders.upload(folder.id, 'in.bin', content, account);
    }
    await share(lentToRead, 'ro');
    await share(lentToWrite, 'rw');
    session = await world().startSession(afterSuite, {
      config: {
        ...SMALL,
        mount_ids: [own, fixed, lentToRead, lentToWrite].map(uuidOf),
        mount_id_map: { [uuidOf(own)]: '/home/work/own', [uuidOf(fixed)]: '/home/work/fixed' },
        mount_options: { [uuidOf(fixed)]: { permission: 'ro' } },
      },
    });
    measure('session-start-with-folders', session.startSeconds, 's');
  });

  it('are directories of the volume with the requested permissions', async () => {
    const [kernel] = await world().database.kernels(session.id);
    const observer = world().observer(kernel?.agent ?? 'none');
    const container = await observer.container(kernel?.container_id ?? 'none');
    const mounted = new Map(container?.mounts.map((mount) => [mount.destination, mount]));
    for (const [folder, destination, writable] of [
      [own, '/home/work/own', true],
      [fixed, '/home/work/fixed', false],
      [lentToRead, `/home/work/${lentToRead.name}`, false],
      [lentToWrite, `/home/work/${lentToWrite.name}`, true],
    ] as [VFolder, string, boolean][]) {
      const { source, writable: mayWrite } = mounted.get(destination) ?? {};
      const directory = await vfolders.volume.directory(folder);
      expect({ source, writable: mayWrite }, destination).to.deep.equal({ source: directory, writable });
    }
  });

  it('give code the uploaded files', async () => {
    for (const path of ['own', 'fixed', lentToRead.name, lentToWrite.name]) {
      const seen = await python(`import hashlib
data = open("/home/work/${path}/in.bin", "rb").read()
print(json.dumps([len(data), hashlib.sha256(data).hexdigest()]))`);
      expect(seen, path).to.deep.equal([content.length, sha256(content)]);
    }
  });

  it('show code at once what is uploaded meanwhile', async () => {
    await vfolders.upload(own.id, 'later/ü.txt', 'later');
    expect(await python('print(json.dumps(open("/home/work/own/later/ü.txt").read()))')).to.equal('later');
  });

  it('give users the complete files that code wrote', async () => {
    const digest = await python(`import hashlib, os
data = os.urandom(2_000_000)
os.makedirs("/home/work/own/made/by")
open("/home/work/own/made/by/code.bin", "wb").write(data)
print(json.dumps(hashlib.sha256(data).hexdigest()))`);
    expect(await world().user.folders.files(own.id, 'made/by')).to.deep.equal([
      { name: 'code.bin', type: 'FILE', size: 2_000_000 },
    ]);
    expect(sha256(await vfolders.download(own.id, 'made/by/code.bin'))).to.equal(digest);
  });

  it('mounted read-only cannot be changed in any way', async () => {
    expect(await attempts('/home/work/fixed')).to.deep.equal(Array(6).fill(EROFS));
    expect(await vfolders.volume.files(fixed)).to.deep.equal([
      { name: 'in.bin', type: 'FILE', size: content.length },
    ]);
    expect(sha256(await vfolders.download(fixed.id, 'in.bin'))).to.equal(sha256(content));
  });

  describe('of another user', () => {
    it('shared for reading cannot be changed by the session or the API', async () => {
      const { user, user2 } = world();
      expect(await attempts(`/home/work/${lentToRead.name}`)).to.deep.equal(Array(6).fill(EROFS));
      expect(await user.folders.info(lentToRead.id)).to.include({ permission: 'ro', is_owner: false });
      await expectRefusal(user.folders.requestUpload(lentToRead.id, 'x', 1), FORBIDDEN);
      await expectRefusal(user.folders.mkdir(lentToRead.id, 'x'), FORBIDDEN);
      await expectRefusal(user.folders.deleteFiles(lentToRead.id, ['in.bin']), FORBIDDEN);
      expect(sha256(await vfolders.download(lentToRead.id, 'in.bin', user))).to.equal(sha256(content));
      expect(await vfolders.volume.files(lentToRead)).to.deep.equal([
        { name: 'in.bin', type: 'FILE', size: content.length },
      ]);
      expect(sha256(await vfolders.download(lentToRead.id, 'in.bin', user2))).to.equal(sha256(content));
    });

    // Another test (known-issues.ts) covers uploads of the same user.
    it('shared for writing receive what the session writes', async () => {
      const { user, user2 } = world();
      const note = randomBytes(8).toString('hex');
      const path = `/home/work/${lentToWrite.name}/by-session.txt`;
      expect(await python(`print(json.dumps(open("${path}", "w").write("${note}")))`)).to.equal(note.length);
      expect(await user.folders.info(lentToWrite.id)).to.include({ permission: 'rw', is_owner: false });
      expect((await vfolders.download(lentToWrite.id, 'by-session.txt', user2)).toString()).to.equal(note);
      await user.folders.deleteFiles(lentToWrite.id, ['by-session.txt']);
      expect((await vfolders.volume.files(lentToWrite)).map((entry) => entry.name)).to.deep.equal(['in.bin']);
    });

    it('cannot be deleted by the invited user', async () => {
      const { user } = world();
      // Another test (known-issues.ts) covers deletion by a user who may write.
      await expectRefusal(user.folders.trash(lentToRead.id), FORBIDDEN);
      for (const folder of [lentToRead, lentToWrite]) {
        await expectRefusal(user.folders.forceDelete(folder.id), FORBIDDEN);
        expect((await vfolders.row(folder.id))?.status).to.equal('ready');
      }
    });

    it('shared for reading are not mounted for writing', async () => {
      const { user, database } = world();
      const wanted = world().smallSession({
        config: {
          ...SMALL,
          mount_ids: [uuidOf(lentToRead)],
          mount_options: { [uuidOf(lentToRead)]: { permission: 'rw' } },
        },
      });
      const asked = user.sessions.create(wanted).then((created) => {
        world().afterTest.add(`session ${created.sessionId}`, () => world().endSession(created.sessionId));
        return created;
      });
      const tooMuch: Refusal = { status: 400, kind: 'vfolder-permission-error', msg: "in 'ro' mode" };
      await expectRefusal(asked, tooMuch);
      expect(await database.traces(wanted.name)).to.deep.equal({ sessions: 0, kernels: 0 });
    });
  });

  describe('are closed to users without an invitation', () => {
    it('who do not see them', async () => {
      const { user2 } = world();
      expect((await user2.folders.list()).map((one) => one.id)).not.to.include.members([own.id]);
      await expectRefusal(user2.folders.info(own.name), UNKNOWN);
      await expectRefusal(user2.folders.info(own.id), FORBIDDEN);
      await expectRefusal(user2.folders.files(own.id), FORBIDDEN);
    });

    it('who cannot read or write in them', async () => {
      const { user2 } = world();
      await expectRefusal(user2.folders.requestDownload(own.id, 'in.bin'), FORBIDDEN);
      await expectRefusal(user2.folders.requestUpload(own.id, 'in.bin', 1), FORBIDDEN);
      await expectRefusal(user2.folders.deleteFiles(own.id, ['in.bin']), FORBIDDEN);
      await expectRefusal(user2.folders.trash(own.id), FORBIDDEN);
      await expectRefusal(
        user2.folders.invite(own.id, 'rw', [world().connection.accounts.user2.email]),
        FORBIDDEN,
      );
      expect(sha256(await vfolders.download(own.id, 'in.bin'))).to.equal(sha256(content));
    });

    it('who get no session with them', async () => {
      const { user2, database } = world();
      const wanted = world().smallSession({ config: { ...SMALL, mount_ids: [uuidOf(own)] } });
      await expectRefusal(user2.sessions.create(wanted), UNKNOWN);
      expect(await database.traces(wanted.name)).to.deep.equal({ sessions: 0, kernels: 0 });
    });
  });

  // A separate describe at the end, because Mocha runs the tests of a describe before nested ones.
  describe('at the end', () => {
    it('keep the longest name through trash and restoration, and give it back to the next folder', async () => {
      const { user, afterTest } = world();
      const name = `${world().name('long')}-${'x'.repeat(NAME_LENGTH)}`.slice(0, NAME_LENGTH);
      const long = await vfolders.make(afterTest, user, name);
      await user.folders.trash(long.id);
      expect(await vfolders.row(long.id)).to.include({ status: 'delete-pending' });
      await user.folders.restore(long.id);
      expect(await user.folders.info(long.id)).to.include({ name, status: 'ready' });
      await vfolders.remove(long, user);
      expect(await vfolders.row(long.id), 'the row of the purged folder').to.equal(undefined);
      expect((await vfolders.make(afterTest, user, name)).name).to.equal(name);
      await expectRefusal(vfolders.make(afterTest, user, `${name}y`), {
        status: 400,
        kind: 'generic-bad-request',
      });
    });

    it('are trashed, deleted and purged by an administrator who is not their owner', async () => {
      const { user, admin, afterTest } = world();
      const of = await vfolders.make(afterTest, user);
      await vfolders.remove(of, admin);
      expect(await vfolders.row(of.id), 'the row of the purged folder').to.equal(undefined);
      expect((await user.folders.list()).map(({ id }) => id)).not.to.include(of.id);
    });

    it('cannot be deleted while they are mounted, and can be afterwards', async function () {
      this.timeout((END_SECONDS + 60) * 1000);
      const { user, user2, database } = world();
      const inUse: Refusal = { status: 400, kind: 'vfolder-deletion-not-allowed', msg: session.id };
      await expectRefusal(user.folders.trash(own.id), inUse);
      await expectRefusal(user2.folders.trash(lentToRead.id), inUse);
      expect((await vfolders.row(own.id))?.status).to.be.oneOf(['ready', 'mounted']);
      expect(await python('print(json.dumps(len(open("/home/work/own/in.bin", "rb").read())))')).to.equal(
        content.length,
      );
      await user.sessions.destroy(session.id);
      await waitForEnd(database, session.id, ['TERMINATED']);
      expect(sha256(await vfolders.download(own.id, 'in.bin')), 'outlives the session').to.equal(
        sha256(content),
      );
      await user.folders.trash(own.id);
      expect((await vfolders.row(own.id))?.status).to.equal('delete-pending');
    });
  });
});
