import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { recorder } from '../../evidence/record.ts';
import { authorization, signedBy } from '../manager/signing.ts';
import { Api, BackendApiError, NoAnswer } from './api.ts';

const failure = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
};

describe('a request to an API', () => {
  let server: Server;
  let connections = 0;
  let url: string;
  let seen: { method: string; path: string; headers: IncomingHttpHeaders; body: string };
  let answerMs: number;
  let answer: { status: number; type: string; body: string };
  const keyPair = { accessKey: 'AKIATEST', secretKey: 'very-secret-key' };

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        seen = { method, path, headers, body: Buffer.concat(chunks).toString() };
        response.writeHead(answer.status, { 'content-type': answer.type });
        setTimeout(() => response.end(answer.body), answerMs);
      });
    });
    // As the managers do not, it does not say how long it keeps a connection that nothing is asked on.
    server.keepAliveTimeout = 0;
    server.on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    answer = { status: 200, type: 'application/json', body: '{"ok":true}' };
    answerMs = 0;
    recorder.startTest();
  });

  it('carries its place in the trace of the run, if it has one', async () => {
    const api = new Api(url);
    await api.request({ method: 'GET', path: '/a' });
    expect(seen.headers).not.to.have.property('traceparent');
    recorder.trace = { trace: 'a'.repeat(32), span: 'b'.repeat(16) };
    try {
      await api.request({ method: 'GET', path: '/a' });
      expect(seen.headers.traceparent).to.equal(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
    } finally {
      recorder.trace = undefined;
    }
  });

  it('comes over one connection where one process of several is to answer all, errors too', async () => {
    const api = new Api(url, undefined, 5_000, { connections: 1 });
    const before = connections;
    answer = { ...answer, status: 503 };
    await Promise.all(['/a', '/b', '/c'].map((path) => failure(api.request({ method: 'GET', path }))));
    answer = { ...answer, status: 200 };
    await api.request({ method: 'GET', path: '/d' });
    expect(connections - before).to.equal(1);
  });

  it('never uses a connection that the server may be closing after its idle timeout', async () => {
    const api = new Api(url, undefined, 5_000, { idleMs: 100 });
    const closed = new Promise<string>((resolve) => {
      server.once('connection', (socket) => socket.once('close', () => resolve('closed')));
      setTimeout(() => resolve('still open after 2 s'), 2_000);
    });
    const before = connections;
    await api.request({ method: 'GET', path: '/a' });
    expect(await closed).to.equal('closed');
    await api.request({ method: 'GET', path: '/b' });
    expect(connections - before).to.equal(2);
  });

  it('waits for an answer longer than a connection may be idle', async () => {
    const api = new Api(url, undefined, 5_000, { idleMs: 50 });
    answerMs = 300;
    expect((await api.request({ method: 'GET', path: '/slow' })).body).to.deep.equal({ ok: true });
  });

  it('carries a signature over exactly what was sent', async () => {
    const api = new Api(`${url}/`, signedBy(keyPair));
    await api.request({
      method: 'DELETE',
      path: '/session/a%20b',
      query: { forced: true, files: ['x', 'y'] },
    });
    expect(seen.path).to.equal('/session/a%20b?forced=true&files=x&files=y');
    expect(seen.headers.authorization).to.equal(
      authorization(
        {
          method: seen.method,
          path: seen.path,
          host: seen.headers.host ?? '',
          contentType: seen.headers['content-type'] ?? '',
          date: seen.headers.date ?? '',
        },
        keyPair,
      ),
    );
  });

  it('signs a form as multipart/form-data whatever its boundary', async () => {
    const form = new FormData();
    form.append('src', new Blob(['content']), 'main.py');
    await new Api(url, signedBy(keyPair)).request({ method: 'POST', path: '/up', form });
    expect(seen.headers['content-type']).to.match(/^multipart\/form-data; ?boundary=/);
    expect(seen.body).to.include('filename="main.py"').and.to.include('content');
    const signed = { method: 'POST', path: '/up', host: seen.headers.host ?? '' };
    const contentType = 'multipart/form-data';
    expect(seen.headers.authorization).to.equal(
      authorization({ ...signed, contentType, date: seen.headers.date ?? '' }, keyPair),
    );
  });

  it('throws what a problem answer says', async () => {
    answer = {
      status: 400,
      type: 'application/problem+json',
      body: JSON.stringify({
        type: 'https://api.backend.ai/probs/quota-exceeded',
        title: 'You have reached your resource limit.',
        msg: 'too many',
        error_code: 'session_create_unavailable',
        data: { limit: 4 },
      }),
    };
    const error = await failure(new Api(url).request({ method: 'POST', path: '/session', json: {} }));
    expect(error).to.be.instanceOf(BackendApiError);
    expect(error).to.deep.include({
      status: 400,
      type: 'https://api.backend.ai/probs/quota-exceeded',
      msg: 'too many',
      errorCode: 'session_create_unavailable',
      data: { limit: 4 },
    });
    expect((error as Error).message)
      .to.include('POST /session')
      .and.to.include('too many');
  });

  it('says that no answer came, and from where', async () => {
    const error = await failure(new Api('http://127.0.0.1:1').request({ method: 'GET', path: '/' }));
    expect(error).to.be.instanceOf(NoAnswer);
    expect((error as Error).message)
      .to.include('127.0.0.1:1')
      .and.to.include('ECONNREFUSED');
    expect((error as NoAnswer).tooSlow, 'a refused connection').to.equal(false);
  });

  for (const where of ['a new connection', 'a kept connection']) {
    it(`says that someone was too slow, over ${where}`, async () => {
      const api = new Api(url);
      if (where === 'a kept connection') await api.request({ method: 'GET', path: '/' });
      answerMs = 200;
      const error = await failure(api.request({ method: 'GET', path: '/', timeoutMs: 50 }));
      expect(error).to.be.instanceOf(NoAnswer).and.to.include({ tooSlow: true });
    });
  }

  it('says that no one was too slow where the connection was reset', async () => {
    server.once('request', (request) => request.socket.destroy());
    const error = await failure(new Api(url).request({ method: 'GET', path: '/' }));
    expect(error).to.be.instanceOf(NoAnswer).and.to.include({ tooSlow: false });
  });

  it('is recorded with its answer, without secrets', async () => {
    answer.body = '{"session_token":"fresh-token","name":"n"}';
    const api = new Api(url, signedBy(keyPair));
    await api.request({ method: 'POST', path: '/auth', json: { username: 'u', password: 'pass-word' } });
    const text = JSON.stringify(recorder.exchanges);
    expect(text).to.include('POST /auth').and.to.include('200').and.to.include('username');
    for (const secret of ['fresh-token', 'pass-word', 'very-secret-key', 'BackendAI signMethod']) {
      expect(text).not.to.include(secret);
    }
  });
});
