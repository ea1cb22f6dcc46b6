import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testRun } from '@backendai-e2e/api/object-fixtures';
import { expect } from 'chai';
import { noticeOf } from './body.ts';
import { deliver } from './send.ts';
import { targetOf } from './target.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const notice = noticeOf(testRun('nightly-1', { metadata: { uid: 'u' } }), []);

/** A server on loopback that answers in this way. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('the delivery of a notice', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const webhook = createServer((request, response) => answer(request, response));
  let port: number;
  before(async () => {
    port = await listening(webhook);
  });
  after(() => webhook.close());
  beforeEach(() => {
    answer = (_, response) => response.writeHead(204).end();
  });

  const target = (url: string) =>
    targetOf(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'hook' },
        data: { url: Buffer.from(url).toString('base64') },
      },
      'hook',
    );
  const send = (url: string, env: NodeJS.ProcessEnv = {}) =>
    deliver(target(url), notice, NOW, new AbortController().signal, env);
  const own = (path = '/') => `http://127.0.0.1:${port}${path}`;

  it('sends the user and the password of the URL as a header', async () => {
    let seen: string | undefined;
    answer = (request, response) => {
      seen = request.headers.authorization;
      response.writeHead(204).end();
    };
    expect(await send(own().replace('//', '//bob:pa%20ss%40@'))).to.deep.equal({ ok: true });
    expect(Buffer.from(seen?.replace('Basic ', '') ?? '', 'base64').toString()).to.equal('bob:pa ss@');
    await send(own());
    expect(seen).to.equal(undefined);
    expect(() => target('http://bob:50%@hook.example/')).to.throw('write it as %25');
  });

  const pauses: [header: string, ms: number | undefined][] = [
    ['30', 30_000],
    ['Thu, 01 Jan 2026 01:00:00 GMT', 3_600_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', undefined],
    ['soon', undefined],
    ['0', undefined],
    ['-5', undefined],
  ];
  for (const [header, ms] of pauses) {
    it(`waits ${ms ?? 'its own time'} after Retry-After: ${header}`, async () => {
      answer = (_, response) => response.writeHead(503, { 'retry-after': header }).end();
      expect(await send(own())).to.deep.equal({
        ...{ ok: false, why: 'the webhook answered 503' },
        ...(ms === undefined ? {} : { retryAfterMs: ms }),
      });
    });
  }

  it('follows no redirect, and says so', async () => {
    answer = (_, response) => response.writeHead(308, { location: 'http://other.example/' }).end();
    const { ok, ...rest } = await send(own());
    expect(ok).to.equal(false);
    expect(rest).to.deep.equal({ why: 'the webhook answered 308: it moved, so name its new URL' });
  });

  describe('through a proxy', () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      response.writeHead(204).end();
    });
    let env: NodeJS.ProcessEnv;
    before(async () => {
      proxy.on('connect', (request: IncomingMessage, socket) => {
        asked.push(request.url ?? '');
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      });
      const address = `http://user:secret@127.0.0.1:${await listening(proxy)}`;
      env = { HTTP_PROXY: address, HTTPS_PROXY: address };
    });
    after(() => proxy.close());
    beforeEach(() => asked.splice(0));

    it('reaches what the environment has a proxy for', async () => {
      expect(await send('http://hook.example/x', env)).to.deep.equal({ ok: true });
      const login = Buffer.from('user:secret').toString('base64');
      expect(asked.splice(0)).to.deep.equal([`http://hook.example/x Basic ${login}`]);
      expect(await send('https://hook.example/x', env)).to.include({ ok: false });
      expect(asked).to.deep.equal(['hook.example:443']);
    });

    it('reaches the rest directly', async () => {
      await send('http://hook.invalid/x', { ...env, NO_PROXY: '.invalid' });
      expect(await send(own(), env)).to.deep.equal({ ok: true });
      expect(asked).to.deep.equal([]);
    });

    it('does not show its password when it is of no use', async () => {
      const found = await send('http://hook.example/', { HTTP_PROXY: 'http://user:secret@127.0.0.1:9' });
      expect(found).to.deep.equal({
        ok: false,
        why: 'the webhook cannot be reached by its proxy (ECONNREFUSED)',
      });
      const wrong = await send('http://hook.example/', { HTTP_PROXY: 'ftp://user:secret@proxy' });
      expect(JSON.stringify(wrong)).to.include('$HTTP_PROXY').and.not.include('secret');
    });
  });
});
