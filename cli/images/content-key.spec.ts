import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { contentKey, pathParts } from './content-key.ts';

describe('a content key', () => {
  it('does not depend on the order of the parts', () => {
    expect(contentKey({ a: '1', b: '2' })).to.equal(contentKey({ b: '2', a: '1' }));
  });
  it('changes with a name and with a content', () => {
    const keys = [{ a: '1' }, { a: '2' }, { b: '1' }, { a: '1', b: '' }, {}].map(contentKey);
    expect(new Set(keys).size).to.equal(keys.length);
  });
  it('separates the end of one part from the start of the next', () => {
    expect(contentKey({ ab: 'c' })).not.to.equal(contentKey({ a: 'bc' }));
  });
  it('is valid as the tag of an image', () => {
    expect(contentKey({ a: '1' })).to.match(/^[0-9a-f]{12}$/);
  });

  describe('of a folder', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'key-'));
      mkdirSync(path.join(folder, 'deep'));
      writeFileSync(path.join(folder, 'deep/start.sh'), 'echo 1');
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const key = async (): Promise<string> => contentKey(await pathParts(folder));

    it('names every file by its path inside', async () => {
      expect(Object.keys(await pathParts(folder))).to.deep.equal(['deep/start.sh']);
    });
    it('changes with a byte of a file, and with a further file', async () => {
      const before = await key();
      writeFileSync(path.join(folder, 'deep/start.sh'), 'echo 2');
      const edited = await key();
      writeFileSync(path.join(folder, 'more'), '');
      expect(new Set([before, edited, await key()]).size).to.equal(3);
    });
    it('changes when a file becomes executable, but not with the umask', async () => {
      const file = path.join(folder, 'deep/start.sh');
      chmodSync(file, 0o600);
      const before = await key();
      chmodSync(file, 0o664);
      expect(await key()).to.equal(before);
      chmodSync(file, 0o755);
      expect(await key()).not.to.equal(before);
    });
  });
});
