import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type ShownPage, UiServer } from './ui-server.ts';

/** A page whose version a test raises. */
class MadePage implements ShownPage {
  version = 1;
  readonly calls = new Set<() => void>();
  html = () => ({ html: '<p>page</p>', policy: "default-src 'none'; connect-src 'self'" });
  data = () => JSON.stringify({ version: this.version });
  async text(id: string) {
    if (id === 'log-9') throw new Error('the API server\u001b[31m refuses it');
    return id === 'log-0' ? 'a line' : undefined;
  }
  onChange(call: () => void) {
    this.calls.add(call);
    return () => this.calls.delete(call);
  }
  change() {
    this.version += 1;
    for (const call of this.calls) call();
  }
}

interface Answer {
  code: number | undefined;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

describe('the server of a live page', () => {
  let page: MadePage;
  let server: UiServer;
  let url: URL;

  beforeEach(async () => {
    page = new MadePage();
    server = new UiServer(page);
    url = new URL(await server.start());
  });
  afterEach(() => server.stop());

  const ask = (
    path: string,
    { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
  ) =>
    new Promise<Answer>((resolve, reject) => {
      const { hostname, port } = url;
      const call = httpRequest({ hostname, port, path, method, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () =>
          resolve({ code: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
        );
      });
      call.on('error', reject);
      call.end();
    });

  it('gives the page with its policy to the address that was printed', async () => {
    expect(url.hostname).to.equal('127.0.0.1');
    const { code, headers, body } = await ask(url.pathname);
    expect(code).to.equal(200);
    expect(body.toString()).to.equal('<p>page</p>');
    expect(headers['content-security-policy']).to.equal(
      "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
    );
    expect(headers).to.include({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it('packs the data for a browser', async () => {
    const { headers, body } = await ask(`${url.pathname}data`, { headers: { 'accept-encoding': 'gzip' } });
    expect(headers['content-encoding']).to.equal('gzip');
    expect(JSON.parse(gunzipSync(body).toString())).to.deep.equal({ version: 1 });
  });

  it('reports each change to the pages that are open', async () => {
    const { hostname, port, pathname } = url;
    const told = Promise.withResolvers<string>();
    const call = httpRequest({ hostname, port, path: `${pathname}events` }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part;
        if (text === 'data: 1\n\n') page.change();
        if (text.includes('data: 2')) told.resolve(text);
      });
      answer.on('error', () => undefined);
    });
    call.end();
    expect(await told.promise).to.equal('data: 1\n\ndata: 2\n\n');
    const closed = new Promise((resolve) => call.once('close', resolve));
    call.destroy();
    await closed;
  });

  it('gives a text by its id, says why it cannot, and has no others', async () => {
    expect((await ask(`${url.pathname}text/log-0`)).body.toString()).to.equal('a line');
    const refused = await ask(`${url.pathname}text/log-9`);
    expect([refused.code, refused.body.toString()]).to.deep.equal([502, 'the API server refuses it\n']);
    for (const path of [
      'text/log-1',
      'text/%ff',
      `text/${encodeURIComponent('../../etc/passwd')}`,
      'other',
    ]) {
      expect((await ask(`${url.pathname}${path}`)).code, path).to.equal(404);
    }
  });

  for (const host of ['evil.example', 'evil.example:80', '127.0.0.1', 'localhost:1']) {
    it(`refuses a request under the name ${JSON.stringify(host)}: DNS rebinding`, async () => {
      const { code, body } = await ask(url.pathname, { headers: { host } });
      expect(code).to.equal(421);
      expect(body.toString()).not.to.contain('page</p>');
    });
  }

  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    it(`refuses a page of another origin: ${JSON.stringify(headers)}`, async () => {
      expect((await ask(`${url.pathname}data`, { headers })).code).to.equal(403);
    });
  }

  it('refuses who does not know the path: other users of the machine reach loopback too', async () => {
    const wrong = url.pathname.replace(/[0-9a-f]/g, '0');
    for (const path of ['/', '/data', wrong, `${wrong}data`, url.pathname.slice(0, -1)]) {
      expect((await ask(path)).code, path).to.equal(404);
    }
  });

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    it(`only reads: ${method} is refused`, async () => {
      expect((await ask(url.pathname, { method })).code).to.equal(405);
    });
  }
});
