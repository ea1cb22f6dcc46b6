import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { keepChecks, restoreChecks } from './kept-checks.ts';

describe('what the checks know of unchanged files', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'e2e-checks-'));
  const cache = path.join(root, 'cache');
  afterEach(() => rmSync(cache, { recursive: true, force: true }));
  after(() => rmSync(root, { recursive: true, force: true }));

  function checkout(name: string, known?: string): string {
    const folder = path.join(root, name);
    mkdirSync(path.join(folder, 'compiled'), { recursive: true });
    if (known === undefined) return folder;
    mkdirSync(path.join(folder, 'types'));
    writeFileSync(path.join(folder, 'types/all.json'), known);
    writeFileSync(path.join(folder, 'cspell'), known);
    return folder;
  }

  const knownIn = (folder: string) =>
    ['types/all.json', 'cspell'].map((file) => readFileSync(path.join(folder, file), 'utf8'));

  it('comes from the checkout that was checked last', async () => {
    await keepChecks(checkout('a', 'old'), cache);
    await keepChecks(checkout('b', 'new'), cache);
    const fresh = checkout('c');
    await restoreChecks(fresh, cache);
    expect(knownIn(fresh)).to.deep.equal(['new', 'new']);
    expect(readdirSync(cache)).to.deep.equal(['checks']);
    expect(readdirSync(path.join(cache, 'checks'))).to.have.members(['types', 'cspell']);
  });

  it('is not replaced in a checkout that has its own', async () => {
    await keepChecks(checkout('d', 'of another'), cache);
    const own = checkout('e', 'own');
    await restoreChecks(own, cache);
    expect(knownIn(own)).to.deep.equal(['own', 'own']);
  });

  it('is not there on a fresh machine', async () => {
    const fresh = checkout('f');
    await restoreChecks(fresh, cache);
    expect(readdirSync(fresh)).to.deep.equal(['compiled']);
  });
});
