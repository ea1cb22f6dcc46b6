import { expect } from 'chai';
import fc from 'fast-check';
import { secretDataValues } from './secret-data.ts';

const data = (text: string) => ({ value: Buffer.from(text).toString('base64') });

describe('the secret values of a Secret', () => {
  it('are short texts as they are, and what JSON, settings and URLs name as secret', () => {
    expect(secretDataValues(data('s3cr3t-7f3a'))).to.deep.equal(['s3cr3t-7f3a']);
    const settings = `[etcd]\nhost = "etcd-host"\npassword = "in-toml-1"\nurl = "redis://:in-url-22@valkey"\n${'# long\n'.repeat(100)}`;
    expect(secretDataValues(data(settings))).to.deep.equal(['in-toml-1', 'in-url-22']);
    const json = JSON.stringify({ host: 'a'.repeat(600), postgres: { password: 'in-json-3' } });
    expect(secretDataValues(data(json))).to.include('in-json-3');
  });
  it('are found without an error in any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const values = secretDataValues({ value: Buffer.from(bytes).toString('base64') });
        return values.every((value) => value.length >= 6);
      }),
      { numRuns: 500 },
    );
  });
});
