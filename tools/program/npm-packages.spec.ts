import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { execa } from 'execa';

/** Installs one package, and notes its call. */
const NPM = `#!/bin/sh
echo "$@" >> "$NPM_CALLS"
mkdir -p node_modules/one && cp package-lock.json node_modules/one/content
`;

describe('the npm packages of a checkout', function () {
  this.timeout(60_000);
  const root = mkdtempSync(path.join(tmpdir(), 'e2e-npm-'));
  const [bin, calls, cache] = ['bin', 'calls', 'cache'].map((name) => path.join(root, name)) as [
    string,
    string,
    string,
  ];
  let number = 0;

  before(() => {
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'npm'), NPM);
    chmodSync(path.join(bin, 'npm'), 0o755);
  });
  beforeEach(() => {
    writeFileSync(calls, '');
    rmSync(cache, { recursive: true, force: true });
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  function checkout(lock: string): string {
    number += 1;
    const folder = path.join(root, `checkout ${number}`);
    mkdirSync(folder);
    copyFileSync(path.join(PROJECT_ROOT, 'e2e'), path.join(folder, 'e2e'));
    writeFileSync(path.join(folder, 'package-lock.json'), lock);
    const main = "import { readFileSync } from 'node:fs'; console.log(readFileSync(process.argv[2], 'utf8'))";
    writeFileSync(path.join(folder, 'main.mjs'), main);
    return folder;
  }

  /** Starts the program of a checkout. Resolves to what it finds in its package. */
  async function start(folder: string, cacheDir = cache): Promise<string> {
    const PATH = [bin, path.dirname(process.execPath), process.env.PATH].join(path.delimiter);
    const env = { PATH, NPM_CALLS: calls, E2E_MAIN: 'main.mjs', E2E_CACHE_DIR: cacheDir };
    const content = path.join(folder, 'node_modules/one/content');
    return (await execa(path.join(folder, 'e2e'), [content], { env, cwd: root })).stdout;
  }

  const installations = () => readFileSync(calls, 'utf8').split('\n').length - 1;

  it('are copied from another checkout with the same lock', async () => {
    expect(await start(checkout('lock 1'))).to.equal('lock 1');
    const second = checkout('lock 1');
    expect([await start(second), await start(second)]).to.deep.equal(['lock 1', 'lock 1']);
    expect(installations()).to.equal(1);
  });

  it('are installed where the lock differs, or changes', async () => {
    const first = checkout('lock 1');
    await start(first);
    expect(await start(checkout('lock 2'))).to.equal('lock 2');
    expect(installations()).to.equal(2);
    writeFileSync(path.join(first, 'package-lock.json'), 'lock 2');
    expect(await start(first)).to.equal('lock 2');
    expect(installations()).to.equal(3);
  });

  it('are installed again after a copy that was interrupted', async () => {
    await start(checkout('lock 1'));
    const half = checkout('lock 1');
    mkdirSync(path.join(half, 'node_modules/one'), { recursive: true });
    writeFileSync(path.join(half, 'node_modules/one/content'), 'ha');
    expect(await start(half)).to.equal('lock 1');
    expect(installations()).to.equal(2);
  });

  it('are kept for the two locks that were used last', async () => {
    for (const lock of ['lock 1', 'lock 2', 'lock 3']) await start(checkout(lock));
    expect(readdirSync(path.join(cache, 'npm'))).to.have.length(2);
    await start(checkout('lock 3'));
    expect(installations()).to.equal(3);
  });

  it('are installed where the cache cannot be written', async () => {
    const file = path.join(root, 'a file');
    writeFileSync(file, '');
    const folder = checkout('lock 1');
    expect(await start(folder, path.join(file, 'cache'))).to.equal('lock 1');
    expect(existsSync(path.join(folder, 'node_modules/.installed-lock'))).to.equal(true);
  });
});
