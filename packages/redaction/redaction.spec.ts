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
  it('are hidden in every form they are likely to take', () => {
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
  it('are hidden whole when one contains another', () => {
    const secrets = new Secrets();
    secrets.add(['abcd', 'abcdefgh']);
    expect(secrets.mask('x abcdefgh y')).to.equal(`x ${MASK} y`);
  });
  it('do not hide half of a text for a short value', () => {
    const secrets = new Secrets();
    secrets.add(['a', '']);
    expect(secrets.mask('banana')).to.equal('banana');
  });
  it('are hidden by field in answers that bring new ones', () => {
    expect(maskFields({ data: [{ session_token: 'abc', name: 'n' }] })).to.deep.equal({
      data: [{ session_token: MASK, name: 'n' }],
    });
  });
  it('are hidden in every string of a status, and nothing else of it changes', () => {
    const secrets = new Secrets();
    secrets.add(['s3cr3t']);
    const status = { seconds: 1.5, final: true, tests: [{ title: 'has s3cr3t', counts: { total: 1 } }] };
    expect(maskStrings(status, secrets)).to.deep.equal({
      ...status,
      tests: [{ title: `has ${MASK}`, counts: { total: 1 } }],
    });
  });
});
