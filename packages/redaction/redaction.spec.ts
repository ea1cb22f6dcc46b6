import { expect } from 'chai';
import fc from 'fast-check';
import { isSecretName, MASK, maskFields, maskStrings, Secrets, secretValues } from './redaction.ts';

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

  const masked = (value: string, text: string): string => {
    const secrets = new Secrets();
    secrets.add([value]);
    return secrets.mask(text);
  };

  for (const name of [
    'passwd',
    'apiKey',
    'privateKey',
    'API_KEY',
    'x-auth-token',
    'dbPass',
    'pwd',
    'passphrase',
    'hmacKey',

    'ssh_key',
  ]) {
    it(`are in a field "${name}"`, () => {
      expect(secretValues({ outer: { [name]: 'a-value-1' } })).to.deep.equal(['a-value-1']);
      expect(maskFields({ [name]: ['a-value-1', { deep: 'x' }] })).to.deep.equal({
        [name]: [MASK, { deep: MASK }],
      });
    });
  }
  it('are not in fields that only sound so', () => {
    for (const name of [
      'passed',
      'path',
      'tokenUrl',
      'secretName',
      'publicKey',
      'key',
      'compass',
      'monkey',
      'keypair',
    ])
      expect(isSecretName(name), name).to.equal(false);
  });
  it('are numbers too, and the passwords in URLs', () => {
    const found = secretValues({ password: 12345678, database: { dsnUrl: 'postgres://u:p%40ss-1@h/db' } });
    expect(found).to.deep.equal(['12345678', 'p%40ss-1', 'p@ss-1']);
  });

  it('are masked at any place of a text that is encoded as a whole, with what is beside them', () => {
    const password = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
      .filter((each) => each.trim().length >= 6);
    fc.assert(
      fc.property(
        password,
        fc.string({ maxLength: 8 }),
        fc.string({ maxLength: 8 }),
        (value, before, after) => {
          const whole = Buffer.from(`${before}${value}${after}`);
          const hex = Buffer.from(value).toString('hex');
          for (const encoding of ['base64', 'base64url'] as const)
            expect(masked(value, `Basic ${whole.toString(encoding)}!`)).to.equal(`Basic ${MASK}!`);
          expect(masked(value, whole.toString('hex'))).not.to.include(hex);
          expect(masked(value, whole.toString('hex').toUpperCase())).not.to.include(hex.toUpperCase());
        },
      ),
      { numRuns: 300 },
    );
  });
  it('are masked in URLs, JSON and HTML, whatever characters they have', () => {
    const strong = fc
      .string({ unit: 'grapheme-ascii', minLength: 10, maxLength: 30 })
      .map((each) => `aB1-${each}`);
    fc.assert(
      fc.property(strong, (value) => {
        for (const text of [value, encodeURIComponent(value), new URLSearchParams({ v: value }).toString()])
          expect(masked(value, `<${text}>`)).to.include(MASK);
        expect(masked(value, JSON.stringify({ a: value }))).to.equal(`{"a":"${MASK}"}`);
        expect(masked(value, JSON.stringify(JSON.stringify({ a: value })))).to.include(MASK);
      }),
      { numRuns: 300 },
    );
  });
  it('are masked line by line where they have several', () => {
    const key = '-----BEGIN KEY-----\nfirst-line-7f3a\nother-line-8e4b\n-----END KEY-----\n';
    expect(masked(key, 'a: first-line-7f3a\nb: other-line-8e4b')).to.equal(`a: ${MASK}\nb: ${MASK}`);
  });

  it('leave words and numbers alone where the secret is an ordinary one', () => {
    const texts = [
      'a latest test passes',
      'storage/file-upload',
      'the 2026 tries passed: storage',
      '"state": "passed"',
    ];
    for (const value of ['pass', '2026', 'tries', 'storage', 'test', 'password'])
      for (const text of texts) expect(masked(value, text)).to.equal(text);
  });
  it('are masked where a name or a URL says so, however ordinary they are', () => {
    for (const value of ['pass', '2026', 'storage', 'admin']) {
      for (const [before, after] of [
        ['password=', ''],
        ['"token": "', '"'],
        ['the passphrase is ', '.'],
        ['redis://:', '@host'],
        ['pg://u:', '@h'],
      ]) {
        expect(masked(value, `${before}${value}${after}`)).to.equal(`${before}${MASK}${after}`);
      }
      const basic = Buffer.from(`user:${value}`).toString('base64');
      expect(masked(value, `Basic ${basic}`)).to.equal(`Basic ${MASK}`);
    }
  });
  it('are masked as words where they are weak', () => {
    expect(masked('starlight', 'says starlight, not its starlight7; starlightX')).to.equal(
      `says ${MASK}, not its starlight7; starlightX`,
    );
    expect(masked('tok-1', '"tok-1" tok-12')).to.equal(`"${MASK}" tok-12`);
  });
});
