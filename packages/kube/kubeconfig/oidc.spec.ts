import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { OidcToken } from './oidc.ts';

const NOW = new Date('2030-01-01T00:00:00Z');
const inMinutes = (minutes: number) => Math.floor(NOW.getTime() / 1000) + minutes * 60;
const token = (exp: number) => `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.y`;

describe('the ID token of an OIDC user', () => {
  let provider: http.Server;
  let issuer: string;
  let asked: { path: string; authorization: string | undefined; body: string }[];
  let answer: object;

  beforeEach(async () => {
    asked = [];
    answer = { id_token: token(inMinutes(60)), refresh_token: 'second' };
    provider = http.createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        const path = request.url ?? '';
        asked.push({ path, authorization: request.headers.authorization, body });
        const found = path.startsWith('/.well-known') ? { token_endpoint: `${issuer}/token` } : answer;
        response.end(JSON.stringify(found));
      });
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    provider.closeAllConnections();
    await new Promise((resolve) => provider.close(resolve));
  });

  const user = (minutes: number, more: Record<string, string> = {}) =>
    new OidcToken({
      'id-token': token(inMinutes(minutes)),
      'refresh-token': 'first',
      'client-id': 'kubectl',
      'idp-issuer-url': issuer,
      ...more,
    });

  it('is used while it is valid', async () => {
    expect(await user(5).token(NOW, false)).to.equal(token(inMinutes(5)));
    expect(asked).to.deep.equal([]);
  });

  it('is renewed when it has expired, once', async () => {
    const oidc = user(-1, { 'client-secret': 's e' });
    expect(await oidc.token(NOW, false)).to.equal(token(inMinutes(60)));
    expect(await oidc.token(NOW, false)).to.equal(token(inMinutes(60)));
    expect(asked.map(({ path }) => path)).to.deep.equal(['/.well-known/openid-configuration', '/token']);
    expect(asked[1]).to.include({
      authorization: `Basic ${btoa('kubectl:s%20e')}`,
      body: 'grant_type=refresh_token&refresh_token=first',
    });
  });

  it('is renewed when the API server refuses it, with the newest refresh token', async () => {
    const oidc = user(5);
    await oidc.token(NOW, true);
    await oidc.token(NOW, true);
    const bodies = asked.filter(({ path }) => path === '/token').map(({ body }) => body);
    expect(bodies).to.deep.equal([
      'grant_type=refresh_token&refresh_token=first&client_id=kubectl',
      'grant_type=refresh_token&refresh_token=second&client_id=kubectl',
    ]);
  });

  it('that cannot be renewed is an error with the reason', async () => {
    const failure = (oidc: OidcToken) => oidc.token(NOW, false).catch((caught: Error) => String(caught));
    expect(await failure(user(-1, { 'refresh-token': '' }))).to.match(/has expired.*refresh-token/);
    answer = { error: 'invalid_grant' };
    expect(await failure(user(-1))).to.match(/ConfigError: .*\/token gave no id_token/);
  });
});
