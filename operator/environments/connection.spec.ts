import { expect } from 'chai';
import { connectionCopy } from './connection.ts';

const target = {
  name: 'e2e-connection',
  namespace: 'ns',
  owner: { apiVersion: 'v1', kind: 'TestEnvironment', name: 'e2e', uid: '1' },
};
const encoded = (text: string): string => Buffer.from(text).toString('base64');
const copied = (text: string, build?: Parameters<typeof connectionCopy>[2]): string => {
  const data = connectionCopy(
    { metadata: { name: 's' }, data: { 'connection.json': encoded(text) } },
    target,
    build,
  )?.data;
  return Buffer.from(data?.['connection.json'] ?? '', 'base64').toString();
};

describe('the connection that suites get', () => {
  it('is that of the chart while nothing is known of what is installed', () => {
    expect(copied('{"version":"26.9.6"}')).to.equal('{"version":"26.9.6"}');
  });
  it('names what is installed in place of what the chart assumes', () => {
    const build = { version: '26.9.0', commit: 'a'.repeat(40), modified: false };
    expect(JSON.parse(copied('{"version":"26.9.6","domain":"default"}', build))).to.deep.equal({
      domain: 'default',
      ...build,
    });
  });
  it('is copied as it is where it is no connection', () => {
    for (const text of ['[]', 'null', '{', '']) {
      if (text !== '') expect(copied(text, { version: '26.9.0' })).to.equal(text);
    }
    expect(connectionCopy({ metadata: { name: 's' } }, target, { version: '26.9.0' })).to.equal(undefined);
  });
});
