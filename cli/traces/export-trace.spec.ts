import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { spanIdOf, traceIdOf } from '@backendai-e2e/results/trace-ids';
import { expect } from 'chai';
import { exportTrace } from './export-trace.ts';
import type { Span, Trace } from './span.ts';

const span = (index: number): Span => ({
  ...{ id: spanIdOf(String(index)), name: `s${index}`, kind: 'internal', start: 1, end: 2, attributes: {} },
});
const traceWith = (count: number): Trace => ({
  ...{ id: traceIdOf('run'), resource: {}, spans: Array.from({ length: count }, (_, index) => span(index)) },
});

interface Seen {
  path: string | undefined;
  headers: IncomingMessage['headers'];
  ids: string[];
}

describe('the export of a trace', () => {
  let server: Server;
  let url: string;
  /** Answers of the collector, one a request; the last one stays. */
  let answers: { code: number; body?: string }[];
  let seen: Seen[];

  before(async () => {
    server = createServer(async (request, response) => {
      const body: { resourceSpans: { scopeSpans: { spans: { spanId: string }[] }[] }[] } = JSON.parse(
        await text(request),
      );
      const spans = body.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans));
      const { url: path, headers } = request;
      seen.push({ path, headers, ids: spans.map(({ spanId }) => spanId) });
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { code: 200 };
      response.writeHead(answer.code, { 'content-type': 'application/json' }).end(answer.body ?? '{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    answers = [{ code: 200 }];
    seen = [];
  });
  after(() => server.close());

  it('goes through the proxy of the environment', async () => {
    const before = process.env.HTTP_PROXY;
    const tunnels: string[] = [];
    // The collector itself stands for the proxy, and opens no tunnel.
    server.on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    process.env.HTTP_PROXY = url;
    try {
      expect(await ended({ url: 'http://collector.example:4318' })).to.include('does not take the trace');
      expect(tunnels).to.deep.equal(['collector.example:4318']);
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    }
    // Further exports need none.
    expect(await ended()).to.equal('1');
    expect(seen.at(-1)?.path).to.equal('/v1/traces');
  });

  /** How an export ended: the number of spans, or the message of its error. */
  const ended = (more: { url?: string; headers?: string } = {}, count = 1) =>
    exportTrace(traceWith(count), { url, pauseMs: 1, ...more }).then(String, (error: Error) => error.message);

  it('sends every span once, in several requests', async () => {
    expect(await ended({}, 600)).to.equal('600');
    expect(seen.map(({ ids }) => ids.length)).to.deep.equal([256, 256, 88]);
    expect(new Set(seen.flatMap(({ ids }) => ids)).size).to.equal(600);
    expect(seen[0]?.path).to.equal('/v1/traces');
    expect(seen[0]?.headers['content-type']).to.equal('application/json');
  });

  it('sends the same ids again', async () => {
    await ended({}, 3);
    await ended({}, 3);
    expect(seen[0]?.ids).to.deep.equal(seen[1]?.ids);
  });

  it('finds the path of traces below an address, once', async () => {
    for (const more of ['/v1/traces', '/otlp/', '/otlp/v1/traces']) await ended({ url: `${url}${more}` });
    expect(seen.map(({ path }) => path)).to.deep.equal(['/v1/traces', '/otlp/v1/traces', '/otlp/v1/traces']);
  });

  it('sends the headers of the environment, and shows none of a wrong one', async () => {
    await ended({ headers: 'authorization=Basic%20abc, x-scope=tests' });
    expect(seen[0]?.headers).to.include({ authorization: 'Basic abc', 'x-scope': 'tests' });
    for (const headers of ['s3cret', 'a=%zz', '=s3cret', 'bad name=s3cret']) {
      const message = await ended({ headers });
      expect(message).to.contain('OTEL_EXPORTER_OTLP_HEADERS').and.not.contain('s3cret');
    }
  });

  it('tries again after an answer that asks for it', async () => {
    answers = [{ code: 503 }, { code: 429 }, { code: 200 }];
    expect(await ended()).to.equal('1');
    answers = [{ code: 503, body: 'full' }];
    expect(await ended()).to.contain('refused the trace with 503: full');
    expect(seen).to.have.length(6);
  });

  it('fails at once for what another attempt does not change', async () => {
    answers = [{ code: 401, body: 'who are you' }];
    expect(await ended()).to.contain('refused the trace with 401: who are you');
    expect(seen).to.have.length(1);
    answers = [{ code: 200, body: '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}' }];
    expect(await ended()).to.contain('refused 1 spans: too old');
    expect(await ended({ url: 'ftp://x' })).to.contain('no address of a collector');
    expect(await ended({ url: 'http://127.0.0.1:1' })).to.contain('does not take the trace');
  });
});
