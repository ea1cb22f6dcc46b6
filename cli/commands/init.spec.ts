import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { CATALOG_FILE, parseCatalog } from '../catalog/catalog.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { initSuiteCommand, suiteNamed, suiteText } from './init.ts';

describe('e2e init suite', () => {
  let root: string;
  const said = { log: console.log, error: console.error };
  let lines: string[] = [];

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'e2e-init-'));
    await cp(path.join(PROJECT_ROOT, CATALOG_FILE), path.join(root, CATALOG_FILE), { recursive: true });
    await cp(path.join(PROJECT_ROOT, 'suites'), path.join(root, 'suites'), { recursive: true });
    lines = [];
    console.log = console.error = (line: string) => lines.push(line);
  });
  afterEach(async () => {
    Object.assign(console, said);
    await rm(root, { recursive: true });
  });

  it('writes a suite and its metadata, and brings the catalog up to date', async () => {
    expect(await initSuiteCommand('storage/rename-folder', root)).to.equal(0);
    const catalog = parseCatalog(await readFile(path.join(root, CATALOG_FILE), 'utf8'));
    const entry = catalog.find(({ name }) => name === 'storage-rename-folder');
    expect(entry).to.deep.include({ name: 'storage-rename-folder', files: ['storage/rename-folder'] });
    expect(existsSync(path.join(root, 'suites/storage/rename-folder.ts'))).to.equal(true);
  });

  it('writes files that pass the linter', async () => {
    const text = suiteText(suiteNamed('storage/rename-folder', []));
    const biome = path.join(PROJECT_ROOT, 'node_modules/.bin/biome');
    const { stdout } = await execa(biome, ['check', '--write', '--stdin-file-path=suites/storage/new.ts'], {
      input: text,
      cwd: PROJECT_ROOT,
    });
    expect(stdout.trim()).to.equal(text.trim());
  });

  it('writes a suite whose tests Mocha finds', async () => {
    const folder = path.join(PROJECT_ROOT, 'suites/storage');
    const file = path.join(folder, `init-spec-${process.pid}.ts`);
    await writeFile(file, suiteText(suiteNamed('storage/rename-folder', [])));
    try {
      const list = path.join(PROJECT_ROOT, 'suites/runner/list.ts');
      const { stdout } = await execa(process.execPath, [list, `storage/init-spec-${process.pid}`]);
      expect(JSON.parse(stdout)).to.have.length(1);
    } finally {
      await rm(file);
    }
  });

  it('changes nothing where the suite exists', async () => {
    await initSuiteCommand('storage/rename-folder', root);
    const before = await readFile(path.join(root, CATALOG_FILE), 'utf8');
    expect(await initSuiteCommand('storage-rename-folder', root)).to.equal(2);
    expect(lines.at(-1)).to.contain('exists already');
    expect(await readFile(path.join(root, CATALOG_FILE), 'utf8')).to.equal(before);
  });

  it('takes the longest matching area, and refuses an unknown one', () => {
    const areas = ['session', 'session-lifecycle'];
    expect(suiteNamed('session-lifecycle-pause', areas)).to.deep.equal({
      name: 'session-lifecycle-pause',
      area: 'session-lifecycle',
      file: 'session-lifecycle/pause',
    });
    for (const wrong of ['pause', 'Session/x', 'a/b/c', 'a/', '../x']) {
      expect(() => suiteNamed(wrong, areas), wrong).to.throw('storage/rename-folder');
    }
  });
});
