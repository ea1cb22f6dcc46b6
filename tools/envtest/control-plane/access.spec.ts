import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeAccess, writeIdentities } from './access.ts';

describe('the access of the administrator to a starting API server', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'access-'));
    writeIdentities(folder, new Map([['admin', { token: 't', groups: [] }]]));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const certificate = (name: string, text: string): void =>
    writeFileSync(join(folder, 'certificates', name), text);
  const access = () => writeAccess(folder, 'https://127.0.0.1:1', 'admin', 't');

  it('is refused until the certificate is complete', () => {
    expect(access).to.throw('has not written its certificate yet');
    certificate('apiserver.crt', '');
    expect(access).to.throw('has not written its certificate yet');
    certificate('apiserver.crt', 'complete');
    certificate('apiserver.key', 'key');
    expect(access().authority).to.equal('complete');
  });
});
