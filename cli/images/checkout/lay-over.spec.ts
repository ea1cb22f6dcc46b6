import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { pathParts } from '../content-key.ts';
import { layOver } from './lay-over.ts';

/**
 * Stands for docker: runs the steps here, with the packages in a folder. Notes each call.
 * "run … image -c <program> <packages>" reads the packages; "run … image sh -euc <steps>" compiles.
 */
const DOCKER = `#!/bin/bash
root=$(dirname "$0")
echo "\${@: -2:1}" | head -c 4 >> "$root/calls"
for last; do :; done
case "$*" in
  *" -c "*) exec python3 -c "\${@: -2:1}" "$root/installed" ;;
esac
build=$(mktemp -d)
steps=$(printf '%s' "$last" | sed "s#/build#$build#g; s#/opt/bai/lib/python3.13/site-packages/ai/backend#$root/installed#g; s#/opt/bai#$root/bai#g; s#python #python3 #g")
bash -euc "$steps"
`;

describe('the layer of a checkout', () => {
  let root: string;
  const { PATH } = process.env;
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'e2e-lay-'));
    write('docker', DOCKER);
    chmodSync(path.join(root, 'docker'), 0o755);
    process.env.PATH = `${root}:${PATH}`;
    write(
      'bai/record.py',
      'from pathlib import Path\nPath(__file__).with_name("release.json").write_text("{}")\n',
    );
    write('installed/manager/same.py', 'a = 1\n');
    write('installed/manager/edited.py', 'a = 1\n');
    write('installed/manager/gone.py', 'a = 1\n');
    write('installed/manager/__pycache__/gone.cpython-313.pyc', 'compiled');
    write('checkout/src/ai/backend/manager/same.py', 'a = 1\n');
    write('checkout/src/ai/backend/manager/edited.py', 'a = 2\n');
    write('checkout/src/ai/backend/manager/data.txt', 'new');
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(root, { recursive: true });
  });

  const layer = async () => {
    const folder = path.join(root, 'checkout');
    const sources = await pathParts(path.join(folder, 'src/ai/backend'));
    const laying = { folder, sources, version: '1', state: '{}', base: 'base', image: async () => 'image' };
    const p = { log: () => {}, signal: new AbortController().signal, cacheDir: path.join(root, 'cache') };
    return layOver(laying, p);
  };
  const listed = (tar: Buffer, ...args: string[]) =>
    execFileSync('tar', ['--list', ...args, '--file=-'], { input: tar, encoding: 'utf8' })
      .trim()
      .split('\n');
  const calls = () => readFileSync(path.join(root, 'calls'), 'utf8');

  it('holds what differs from the packages, compiled, and hides what is gone', async () => {
    const packages = 'opt/bai/lib/python3.13/site-packages/ai/backend';
    const tar = await layer();
    expect(listed(tar)).to.have.members([
      `${packages}/manager/.wh.gone.py`,
      `${packages}/manager/__pycache__/.wh.gone.cpython-313.pyc`,
      `${packages}/manager/__pycache__/edited.cpython-313.pyc`,
      `${packages}/manager/data.txt`,
      `${packages}/manager/edited.py`,
      'opt/bai/release.json',
    ]);
    for (const line of listed(tar, '--verbose', '--numeric-owner', '--utc')) {
      expect(line).to.match(/^-rw-r--r-- 0\/0 .* 1970-01-01 00:00 /);
    }
  });

  it('is the same for the same sources, and needs no container the second time', async () => {
    const first = await layer();
    const before = calls();
    expect((await layer()).equals(first)).to.equal(true);
    expect(calls()).to.equal(before);
  });

  it('compiles only what was edited since', async () => {
    await layer();
    write('checkout/src/ai/backend/manager/same.py', 'a = 3\n');
    const tar = await layer();
    const compiled = listed(tar).filter((name) => name.endsWith('.pyc'));
    expect(compiled.map((name) => path.basename(name))).to.have.members([
      '.wh.gone.cpython-313.pyc',
      'edited.cpython-313.pyc',
      'same.cpython-313.pyc',
    ]);
  });

  it('is refused for a file that Python cannot compile, which it names', async () => {
    write('checkout/src/ai/backend/manager/edited.py', 'a = (\n');
    const failure = await layer().catch((error: unknown) => error);
    expect((failure as { tail?: string }).tail).to.match(
      /manager\/edited\.py cannot be compiled: SyntaxError/,
    );
  });
});
