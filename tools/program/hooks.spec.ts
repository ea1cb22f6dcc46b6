import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';

/** Stands for Biome: formats to upper case, and refuses a file that contains "WRONG". */
const BIOME = `#!/bin/sh
case $1 in
  format) for f; do case $f in *.ts) tr a-z A-Z <"$f" >"$f.new" && mv "$f.new" "$f" ;; esac; done ;;
  check) for f; do case $f in *.ts) ! grep -q WRONG "$f" || exit 1 ;; esac; done ;;
esac
`;

describe('the Git hooks', () => {
  let folder: string;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  const write = (file: string, text: string) => writeFileSync(path.join(folder, file), text);
  const committed = (file: string) => git('show', `HEAD:${file}`);

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'e2e-hook-'));
    mkdirSync(path.join(folder, 'node_modules/.bin'), { recursive: true });
    mkdirSync(path.join(folder, '.githooks'));
    write('node_modules/.bin/biome', BIOME);
    chmodSync(path.join(folder, 'node_modules/.bin/biome'), 0o755);
    for (const hook of ['pre-commit', 'commit-msg']) {
      copyFileSync(path.join(PROJECT_ROOT, '.githooks', hook), path.join(folder, '.githooks', hook));
    }
    git('init', '--quiet');
    git('config', 'core.hooksPath', '.githooks');
    write('.gitignore', 'node_modules\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('formats what is staged, and nothing else', () => {
    write('a b.ts', 'one\n');
    write('other.ts', 'two\n');
    git('add', 'a b.ts');
    git('commit', '--quiet', '--message', 'x');
    expect(committed('a b.ts')).to.equal('ONE\n');
    expect(readFileSync(path.join(folder, 'other.ts'), 'utf8')).to.equal('two\n');
  });

  it('does not stage the other changes of a file', () => {
    write('a.ts', 'one\n');
    git('add', 'a.ts');
    write('a.ts', 'one\nlater\n');
    git('commit', '--quiet', '--message', 'x');
    expect(committed('a.ts')).to.equal('one\n');
    expect(readFileSync(path.join(folder, 'a.ts'), 'utf8')).to.equal('one\nlater\n');
  });

  it('refuses a commit with a lint error', () => {
    write('a.ts', 'wrong\n');
    git('add', 'a.ts');
    expect(() => git('commit', '--quiet', '--message', 'x')).to.throw();
    expect(() => git('rev-parse', '--verify', '--quiet', 'HEAD')).to.throw();
  });

  it('refuses a subject of more than 72 characters, and accepts a long body', () => {
    write('a.ts', 'one\n');
    git('add', 'a.ts');
    expect(() => git('commit', '--quiet', '--message', 'x'.repeat(73))).to.throw(/73 characters/);
    git('commit', '--quiet', '--message', 'x'.repeat(72), '--message', 'y'.repeat(200));
    expect(git('log', '--format=%s').trim()).to.equal('x'.repeat(72));
  });

  it('accepts a commit that only removes files', () => {
    write('a.ts', 'one\n');
    git('add', 'a.ts');
    git('commit', '--quiet', '--message', 'x');
    git('rm', '--quiet', 'a.ts');
    git('commit', '--quiet', '--message', 'y');
    expect(git('ls-files')).to.equal('');
  });
});
