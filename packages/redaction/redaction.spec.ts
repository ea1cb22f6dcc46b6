import { expect } from 'chai';
import { MASK, maskFields, maskStrings, Secrets, secretValues } from './redaction.ts';

describe('secrets', () => {
  const connection = {
    domain: 'default',
    postgres: { host: 'postgres', user: 'postgres', password: 'pg/pa"ss' },
    accounts: { user: { email: 'user@example.org', accessKey: 'AKIA1234', secretKey: 'sk-5678' } },
    agents: [{ id: 'i-agent-0', observerUrl: 'http://agent:6090', observerToken: 'tok-1' }],
  };

  it('are found by the names of their fields', () => {
    expect(secretValues(connection)).to.have.members(['pg/pa"ss', 'AKIA1234', 'sk-5678', 'tok-1']);
  });
  it('are masked in every likely encoding', () => {
    const secrets = new Secrets();
    secrets.add(secretValues(connection));
    const text = [
      'pg/pa"ss',
      'postgres://postgres:pg%2Fpa%22ss@host',
      JSON.stringify(connection),
      Buffer.from('pg/pa"ss').toString('base64'),
    ].join('\n');
    const masked = secrets.mask(text);
    for (const value of [
      'pg/pa',
      'pg%2Fpa',
      'sk-5678',
      'tok-1',
      Buffer.from('pg/pa"ss').toString('base64'),
    ]) {
      expect(masked).not.to.include(value);
    }
    expect(masked).to.include('user@example.org').and.to.include(MASK);
  });
  it('are masked as a whole when one contains another', () => {
    const secrets = new Secrets();
    secrets.add(['abcd', 'abcdefgh']);
    expect(secrets.mask('x abcdefgh y')).to.equal(`x ${MASK} y`);
  });
  it('are not masked when they are too short', () => {
    const secrets = new Secrets();
    secrets.add(['a', '']);
    expect(secrets.mask('banana')).to.equal('banana');
  });
  it('are masked by field name in answers with new ones', () => {
    expect(maskFields({ data: [{ session_token: 'abc', name: 'n' }] })).to.deep.equal({
      data: [{ session_token: MASK, name: 'n' }],
    });
  });
  it('are masked in every string of a status, which is otherwise unchanged', () => {
    const secrets = new Secrets();
    secrets.add(['s3cr3t']);
    const status = { seconds: 1.5, final: true, tests: [{ title: 'has s3cr3t', counts: { total: 1 } }] };
    expect(maskStrings(status, secrets)).to.deep.equal({
      ...status,
      tests: [{ title: `has ${MASK}`, counts: { total: 1 } }],
    });
  });
});
