import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { BackendAi } from '../backend-ai/packages.ts';
import { checkoutSources } from './backend-ai.ts';
import type { Builder } from './extras.ts';

describe('the sources of a checkout in an image', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'checkout-'));
    mkdirSync(path.join(folder, 'src/ai/backend/manager'), { recursive: true });
    writeFileSync(path.join(folder, 'src/ai/backend/manager/server.py'), 'one = 1\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const key = (more: Partial<BackendAi>) =>
    checkoutSources('sources').key({ backendAi: { title: 'x', lock: '', ...more } } as Builder);
  const checkout = () => ({ checkout: { folder, version: '26.9.6' } });

  it('have another key after an edit, and the same after the interpreter ran', async () => {
    const before = await key(checkout());
    mkdirSync(path.join(folder, 'src/ai/backend/manager/__pycache__'));
    writeFileSync(path.join(folder, 'src/ai/backend/manager/__pycache__/server.pyc'), 'x');
    expect(await key(checkout())).to.equal(before);
    writeFileSync(path.join(folder, 'src/ai/backend/manager/server.py'), 'one = 2\n');
    expect(await key(checkout())).not.to.equal(before);
  });
  it('have a key without a checkout: the builder of the pinned release is asked for one', async () => {
    expect(await key({})).to.equal('');
    await checkoutSources('sources')
      .put({ backendAi: { title: 'x', lock: '' } } as Builder, '/nowhere')
      .then(
        () => expect.fail('it was put into an image'),
        (error: unknown) => expect(error).to.match(/without a checkout/),
      );
  });
});
