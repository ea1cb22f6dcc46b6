import { expect } from 'chai';
import { runCode } from '../assertions/execution.ts';
import { NoAnswer } from '../clients/http/api.ts';
import { START_SECONDS } from '../clients/manager/session-watch.ts';
import { uuidOf, type VFolder } from '../clients/manager/vfolders.ts';
import { AppProxy } from '../clients/web/app-proxy.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { type RunningSession, SMALL, useWorld } from '../fixtures/world.ts';

/** Longest time for the download of a small archive. */
const ARCHIVE_MS = 20_000;
describe('inside a session', function () {
  this.timeout(90_000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer', 'storage-proxy']);
  let session: RunningSession;
  let vfolders: VFolderFixture;
  let folder: VFolder;

  before('a session with a script of Windows lines starts', async function () {
    this.timeout((START_SECONDS + 20) * 1000);
    const bootstrapScript = ['#!/bin/sh', 'touch /home/work/made-by-script', 'exit 0', ''].join('\r\n');
    vfolders = new VFolderFixture(world());
    folder = await vfolders.make(world().afterSuite);
    session = await world().startSession(world().afterSuite, {
      bootstrapScript,
      config: { ...SMALL, mount_ids: [uuidOf(folder)] },
    });
  });

  it('the bootstrap script has run, also with the line ends of Windows', async () => {
    const code = 'import glob\nprint(sorted(glob.glob("/home/work/made-by*")))';
    const seen = await waitUntil(
      'the script to make its file',
      async () => {
        const { stdout } = await runCode(world().user.sessions, session.id, { mode: 'query', code });
        return stdout.includes('made-by-script') ? stdout.trim() : notYet(stdout);
      },
      { deadlineSeconds: 20 },
    );
    expect(seen, 'files of the script').to.equal("['/home/work/made-by-script']");
  });

  it('files are downloaded together, as the web UI asks for them', async () => {
    const { user } = world();
    await user.sessions.upload(session.id, { 'one.txt': 'first', 'two.txt': 'second' });
    const answer = await user.api.request({
      method: 'POST',
      path: `/session/${session.id}/download`,
      query: { files: ['one.txt', 'two.txt'] },
    });
    const text = answer.bytes.toString('latin1');
    expect(text).to.include('first').and.to.include('second');
  });

  it('a broken link made in a vfolder lets the download of an archive end', async () => {
    const { user } = world();
    await vfolders.upload(folder.id, 'tree/whole.txt', 'whole');
    const code = `import os\nos.symlink("nowhere", "/home/work/${folder.name}/tree/broken")`;
    const { stderr } = await runCode(user.sessions, session.id, { mode: 'query', code });
    expect(stderr).to.equal('');
    const transfer = await user.folders.requestArchive(folder.id, ['tree']);
    const { pathname: path } = new URL(transfer.url);
    const query = { token: transfer.token };
    const download = vfolders.client.api.request({ method: 'GET', path, query, timeoutMs: ARCHIVE_MS });
    const error: unknown = await download.then(
      () => undefined,
      (failed: unknown) => failed,
    );
    // An archive without the link, a refusal or a broken connection: the user learns the outcome.
    const hangs = error instanceof NoAnswer && error.tooSlow;
    expect(hangs, `the download hangs for ${ARCHIVE_MS / 1000} s`).to.equal(false);
  });

  it('an application is ended as the web UI asks for it', async () => {
    const { user, connection } = world();
    const proxy = new AppProxy(connection);
    world().afterTest.add('connections to the app proxy', () => proxy.close());
    world().afterTest.add(`circuits of ${session.id}`, () => proxy.removeCircuits(session.id));
    const path = `/session/${session.id}/shutdown-service`;
    const processes = async () => {
      const code = `import glob
names = []
for path in glob.glob("/proc/[0-9]*/comm"):
    try: names.append(open(path).read().strip())
    except OSError: pass
print("ttyd" in names)`;
      return (await runCode(user.sessions, session.id, { mode: 'query', code })).stdout.trim();
    };
    await proxy.ticket(user, session.id, 'ttyd');
    expect(await processes(), 'the application runs').to.equal('True');
    await user.api.request({ method: 'POST', path, query: { service_name: 'ttyd' } });
    await waitUntil(
      'the application to end',
      async () => ((await processes()) === 'False' ? undefined : notYet('it runs')),
      { deadlineSeconds: 20 },
    );
  });
});
