import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import { unzip } from '../clients/storage/zip.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

describe('downloading files from a vfolder', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'storage-proxy']);
  let vfolders: VFolderFixture;
  let folder: VFolder;
  const content = randomBytes(100_000);
  const inFolder = {
    'tree/a.bin': content,
    'tree/b/ü.txt': Buffer.from('below'),
    'alone.txt': Buffer.from('alone'),
  };

  before('a folder holds some files', async () => {
    vfolders = new VFolderFixture(world());
    folder = await vfolders.make(world().afterSuite);
    for (const [path, bytes] of Object.entries(inFolder)) await vfolders.upload(folder.id, path, bytes);
    await world().user.folders.mkdir(folder.id, 'tree/empty');
  });

  for (const [what, range, from, to] of [
    ['from the beginning', 'bytes=0-9', 0, 10],
    ['from the middle', 'bytes=50000-59999', 50_000, 60_000],
    ['to the end', 'bytes=99990-', 99_990, 100_000],
    ['the last ones', 'bytes=-7', 99_993, 100_000],
  ] as const) {
    it(`returns the requested range: ${what}`, async () => {
      const transfer = await world().user.folders.requestDownload(folder.id, 'tree/a.bin');
      const { status, headers, bytes } = await vfolders.client.download(transfer, { headers: { range } });
      expect(status).to.equal(206);
      expect(headers['content-range']).to.equal(`bytes ${from}-${to - 1}/100000`);
      expect(bytes.equals(content.subarray(from, to))).to.equal(true);
    });
  }

  it('refuses a range behind the end', async () => {
    const transfer = await world().user.folders.requestDownload(folder.id, 'tree/a.bin');
    const asked = vfolders.client.download(transfer, { headers: { range: 'bytes=100000-' } });
    await expectRefusal(asked, { status: 416, kind: '' });
  });

  it('returns a whole folder as an archive, including empty folders', async () => {
    const transfer = await world().user.folders.requestDownload(folder.id, 'tree', true);
    const { headers, bytes } = await vfolders.client.download(transfer, { query: { archive: 'true' } });
    expect(headers['content-type']).to.equal('application/zip');
    const files = unzip(bytes);
    expect([...files.keys()].sort()).to.deep.equal(['a.bin', 'b/ü.txt', 'empty/']);
    expect(files.get('a.bin')?.equals(content)).to.equal(true);
    expect(files.get('b/ü.txt')?.toString()).to.equal('below');
  });

  it('returns selected files and folders as an archive', async () => {
    const transfer = await world().user.folders.requestArchive(folder.id, ['tree/b', 'alone.txt']);
    const files = unzip((await vfolders.client.download(transfer)).bytes);
    expect(files.get('alone.txt')?.toString()).to.equal('alone');
    expect(files.get('tree/b/ü.txt')?.toString()).to.equal('below');
    expect([...files.keys()].some((name) => name.includes('a.bin'))).to.equal(false);
  });

  it('refuses a folder without the archive option', async () => {
    const transfer = await world().user.folders.requestDownload(folder.id, 'tree');
    const refusal: Refusal = { status: 400, kind: 'storage/invalid-api-params', msg: 'not a regular file' };
    await expectRefusal(vfolders.client.download(transfer), refusal);
  });

  it('reports a missing file as not found', async () => {
    const transfer = await world().user.folders.requestDownload(folder.id, 'no-such.txt');
    await expectRefusal(vfolders.client.download(transfer), {
      status: 404,
      kind: 'storage/file-not-found',
    });
  });
});
