import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import { biomeWalls, WALLS_FILE } from './biome-walls.ts';
import { WALLS } from './walls.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = WALLS.map(([folder]) => folder);

describe('the walls', () => {
  it('are in biome.walls.json as tools/walls/walls.ts has them', () => {
    expect(readFileSync(WALLS_FILE, 'utf8'), 'run "./tools/dev walls"').to.equal(biomeWalls());
  });

  it('have one row for every folder with sources, and no other row', async () => {
    const { stdout } = await execa(
      'git',
      ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.mjs'],
      { cwd: ROOT },
    );
    const sources = stdout.split('\n').filter((file) => !/\.(spec|integration)\.tsx?$/.test(file));
    const present = sources.filter((file) => existsSync(join(ROOT, file)));
    const folders = [...new Set(present.map((file) => dirname(file)))];
    expect([...FOLDERS].sort()).to.deep.equal(folders.sort());
  });

  it('let a folder import only rows above its own', () => {
    for (const [index, [folder, imports]] of WALLS.entries()) {
      const above = FOLDERS.slice(0, index);
      // A package and its inner folder may share files: Biome refuses cycles of files.
      const wrong = imports.filter((each) => {
        return !above.some((row) => row === each || row.startsWith(`${each}/`)) && dirname(each) !== folder;
      });
      expect(wrong, folder).to.deep.equal([]);
    }
  });

  it('are enforced by the linter between any two folders', async function () {
    this.timeout(120_000);
    const tree = realpathSync(mkdtempSync(join(tmpdir(), 'walls-')));
    try {
      const { vcs: _, files: __, ...settings } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'));
      writeFileSync(join(tree, 'biome.json'), JSON.stringify(settings));
      copyFileSync(WALLS_FILE, join(tree, 'biome.walls.json'));
      for (const folder of FOLDERS) {
        mkdirSync(join(tree, folder), { recursive: true });
        const lines = FOLDERS.map((to) => `import '${specifier(folder, to)}';\n`);
        const extension = folder.startsWith('images/') ? 'mjs' : 'ts';
        writeFileSync(join(tree, folder, `probe.${extension}`), lines.join(''));
      }
      const args = [
        'lint',
        '--only=style/noRestrictedImports',
        '--reporter=github',
        '--max-diagnostics=none',
      ];
      const { stdout } = await execa(join(ROOT, 'node_modules/.bin/biome'), args, {
        cwd: tree,
        reject: false,
      });
      const refused = new Map(FOLDERS.map((folder) => [folder, new Set<string>()]));
      for (const [, file = '', line] of stdout.matchAll(/file=([^,]+),line=(\d+)/g)) {
        refused
          .get(posix.relative(tree, dirname(posix.resolve(tree, file))))
          ?.add(FOLDERS[Number(line) - 1] ?? '');
      }
      for (const [folder, imports] of WALLS) {
        const above = (each: string) => folder.startsWith(`${each}/`);
        const allowed = (to: string) =>
          to === folder || imports.some((each) => to === each || (!above(each) && to.startsWith(`${each}/`)));
        const wanted = FOLDERS.filter((to) => !allowed(to));
        expect([...(refused.get(folder) ?? [])].sort(), folder).to.deep.equal(wanted.sort());
      }
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
});

/** How a file of a folder imports a file of another one. */
function specifier(from: string, to: string): string {
  const [workspace, other] = [from, to].map((folder) => {
    return folder.split('/', folder.startsWith('packages/') ? 2 : 1).join('/');
  });
  if (workspace !== other) return `@backendai-e2e/${to.replace(/^packages\//, '')}/probe`;
  const relative = posix.relative(from, to);
  if (relative === '') return './other.ts';
  return `${relative.startsWith('.') ? relative : `./${relative}`}/other.ts`;
}
