import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { checkedFrom } from './check.ts';
import type { Change } from './defect-list.ts';

const HERE = import.meta.dirname;

describe('changing modules with Python', function () {
  this.timeout(180_000);
  let folder: string;
  let packages: string;
  let python: string;

  before(async () => {
    // The program itself: a wrapper that picks a version would start with each call.
    python = (await execa('python3', ['-c', 'import sys; print(sys.executable)'])).stdout;
  });

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-defects-'));
    packages = path.join(folder, 'packages');
    await mkdir(path.join(packages, 'shop'), { recursive: true });
    await mkdir(path.join(folder, 'planted'));
    await cp(path.join(HERE, 'sitecustomize.py'), path.join(folder, 'planted', 'sitecustomize.py'));
    await writeFile(path.join(packages, 'shop', '__init__.py'), 'from .till import price\nNAME = "shop"\n');
    await writeFile(
      path.join(packages, 'shop', 'till.py'),
      'import json\n\ndef price():\n    return 2 + 1\n',
    );
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const change = (given: Partial<Change>): Change => ({
    name: 'dear',
    module: 'shop.till',
    replace: 'return 2',
    with: 'return 20',
    times: 1,
    ...given,
  });

  async function shop(
    ...changes: Change[]
  ): Promise<{ code: number | undefined; out: string; said: string }> {
    await writeFile(path.join(folder, 'planted', 'defects.json'), JSON.stringify(changes));
    const PYTHONPATH = [path.join(folder, 'planted'), packages].join(path.delimiter);
    const code = 'import shop; print(shop.NAME, shop.price())';
    const ended = await execa(python, ['-c', code], { env: { PYTHONPATH }, reject: false });
    return { code: ended.exitCode, out: ended.stdout, said: ended.stderr };
  }

  async function check(...changes: Change[]): Promise<(string | null)[]> {
    const program = await readFile(path.join(HERE, 'check.py'), 'utf8');
    const E2E_SITECUSTOMIZE = await readFile(path.join(HERE, 'sitecustomize.py'), 'utf8');
    const env = { E2E_SITECUSTOMIZE, PYTHONPATH: packages };
    const args = ['-c', program, '--import', packages];
    const { stdout } = await execa(python, args, { env, input: JSON.stringify(changes) });
    return checkedFrom(stdout).map(({ wrong }) => wrong);
  }

  it('changes what is imported, and says so', async () => {
    expect(await shop(change({}))).to.deep.equal({
      code: 0,
      out: 'shop 21',
      said: 'e2e-defect: dear: planted in shop.till',
    });
  });

  it('changes packages, and several modules at once', async () => {
    const other = change({ name: 'named', module: 'shop', replace: '"shop"', with: '"stall"' });
    expect((await shop(change({}), other)).out).to.equal('stall 21');
  });

  it('changes a module that has compiled bytecode', async () => {
    await execa(python, ['-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash', packages]);
    expect((await shop(change({}))).out).to.equal('shop 21');
  });

  it('makes several changes in one module', async () => {
    expect((await shop(change({}), change({ name: 'more', replace: '+ 1', with: '+ 2' }))).out).to.equal(
      'shop 22',
    );
  });

  for (const [what, wrong, says] of [
    ['holds the text too rarely', { replace: 'return 3' }, 'dear: shop.till holds the text 0 times, not 1'],
    ['holds the text too often', { replace: 'r' }, 'dear: shop.till holds the text 4 times, not 1'],
    ['no longer compiles', { with: 'return (' }, 'dear: the changed shop.till does not compile'],
  ] as const) {
    it(`ends the process when the module ${what}`, async () => {
      const { code, out, said } = await shop(change(wrong));
      expect([code, out]).to.deep.equal([86, '']);
      expect(said).to.include(says);
    });
  }

  it('ends the process when a module to change does not exist', async () => {
    await writeFile(path.join(packages, 'shop', '__init__.py'), 'import shop.gone\n');
    expect((await shop(change({ module: 'shop.gone' }))).said).to.include('there is no source of shop.gone');
  });

  it('is checked without a cluster: count, syntax and import', async () => {
    const [right, gone, rare, broken, raising] = await check(
      change({}),
      change({ module: 'shop.gone' }),
      change({ times: 2 }),
      change({ with: 'return (' }),
      change({ replace: 'import json', with: 'import nothing' }),
    );
    expect(right).to.equal(null);
    expect(gone).to.equal('there is no module shop.gone');
    expect(rare).to.equal('shop.till holds the text 1 times, not 2');
    expect(broken).to.include('does not compile');
    expect(raising).to.include("No module named 'nothing'");
  });
});
