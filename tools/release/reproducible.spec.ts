import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { execa } from 'execa';
import { imageArchive } from './image-archive.ts';
import { componentsOf } from './image-components.ts';
import { filesOf, withTime } from './tar.ts';

const SECONDS = 1_767_225_600;
const LONG = `app/node_modules/@scope/${'deep-'.repeat(20)}name/package.json`;
const STATUS = 'var/lib/dpkg/status.d/libc6';

describe('an archive of a release', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'e2e-tar-'));
  after(() => rmSync(root, { recursive: true, force: true }));

  /** A tar of the same files, made at another time. */
  async function tarAt(time: number, format: 'gnu' | 'posix'): Promise<Buffer> {
    const folder = path.join(root, `${format}-${time}`);
    const files = {
      [LONG]: '{"name": "@scope/long", "version": "1.2.3", "license": "MIT"}',
      [STATUS]: 'Package: libc6\nStatus: install ok installed\nVersion: 2.41-12\n',
      'app/dist/package.json': '{"type": "module"}',
      'app/dist/node_modules/@backendai-e2e/api/package.json':
        '{"name": "@backendai-e2e/api", "version": "1.0.0"}',
    };
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const tar = path.join(root, `${format}-${time}.tar`);
    const pax =
      format === 'posix' ? ['--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'] : [];
    await execa('tar', [
      `--format=${format}`,
      ...pax,
      `--mtime=@${time}.5`,
      '--sort=name',
      '-cf',
      tar,
      '-C',
      folder,
      '.',
    ]);
    return readFileSync(tar);
  }

  for (const format of ['gnu', 'posix'] as const) {
    it(`in the format ${format} has equal bytes whenever it was made, and the same files`, async () => {
      const [first, second] = [await tarAt(1_700_000_000, format), await tarAt(1_710_000_001, format)];
      expect(first.equals(second)).to.equal(false);
      const same = withTime(first, SECONDS);
      expect(same.equals(withTime(second, SECONDS))).to.equal(true);
      const file = path.join(root, `${format}.tar`);
      writeFileSync(file, same);
      const { stdout } = await execa('tar', ['-tvf', file, '--utc'], { env: { TZ: 'UTC' } });
      expect(stdout.split('\n').filter((line) => !line.includes('2026-01-01 00:00'))).to.deep.equal([]);
      expect([...filesOf(same)].map(({ name }) => name)).to.include.members([LONG, STATUS]);
    });
  }

  it('lists the packages in it, and not the project itself', async () => {
    const found = componentsOf([await tarAt(1_700_000_000, 'posix')]);
    expect(found).to.have.deep.members([
      { name: '@scope/long', version: '1.2.3', purl: 'pkg:npm/%40scope/long', license: 'MIT' },
      { name: 'libc6', version: '2.41-12', purl: 'pkg:deb/debian/libc6' },
    ]);
  });

  it('of an image has one digest for equal contents, whichever engine saved it and when', async () => {
    const saved = (layer: Buffer, more: object) => {
      const config = {
        ...{ architecture: 'amd64', os: 'linux', config: { User: '65532' }, history: [{ created: 'x' }] },
        ...{ rootfs: { type: 'layers', diff_ids: ['sha256:0'] }, created: 'x' },
        ...more,
      };
      const manifest = [{ Config: 'c.json', RepoTags: ['x'], Layers: ['l/layer.tar'] }];
      const files: Record<string, Buffer> = {
        'manifest.json': Buffer.from(JSON.stringify(manifest)),
        'c.json': Buffer.from(JSON.stringify(config)),
        'l/layer.tar': layer,
      };
      return imageArchive((name) => files[name] ?? Buffer.alloc(0), 'backendai-e2e/operator:1.0.0', SECONDS);
    };
    const first = saved(await tarAt(1_700_000_000, 'gnu'), { docker_version: '20', container: 'a' });
    const second = saved(gzipSync(await tarAt(1_710_000_001, 'gnu')), { created: 'y' });
    expect(second.digest).to.equal(first.digest);
    expect(second.files).to.deep.equal(first.files);
    // Every blob is named after its content, and the configuration after the layers.
    for (const { path: name, content } of first.files.filter((file) => file.path.startsWith('blobs/'))) {
      expect(name).to.equal(`blobs/sha256/${createHash('sha256').update(content).digest('hex')}`);
    }
    const [{ Config, RepoTags, Layers }] = JSON.parse(
      first.files.find((file) => file.path === 'manifest.json')?.content.toString() ?? '',
    );
    expect(RepoTags).to.deep.equal(['backendai-e2e/operator:1.0.0']);
    const config = JSON.parse(first.files.find((file) => file.path === Config)?.content.toString() ?? '');
    expect(config.rootfs.diff_ids.map((id: string) => `blobs/${id.replace(':', '/')}`)).to.deep.equal(Layers);
    expect(config.created).to.equal('2026-01-01T00:00:00.000Z');
    expect(config).to.not.have.any.keys('docker_version', 'container');
  });
});
