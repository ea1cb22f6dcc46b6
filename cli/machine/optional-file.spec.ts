import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { unlessMissing } from './optional-file.ts';

describe('a file that may be missing', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'optional-'));
    writeFileSync(path.join(folder, 'there'), 'text');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is read where it exists', async () => {
    expect(await unlessMissing(readFile(path.join(folder, 'there'), 'utf8'))).to.equal('text');
  });

  it('is undefined where it does not exist', async () => {
    expect(await unlessMissing(readFile(path.join(folder, 'missing'), 'utf8'))).to.equal(undefined);
    expect(await unlessMissing(readdir(path.join(folder, 'missing')))).to.equal(undefined);
  });

  it('is an error where it cannot be read for another reason', async () => {
    const error = await unlessMissing(readdir(path.join(folder, 'there'))).catch((caught: unknown) => caught);
    expect(String(error)).to.contain('ENOTDIR');
  });
});
