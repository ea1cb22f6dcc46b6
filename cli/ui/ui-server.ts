import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { plainLine } from '@backendai-e2e/results/plain-text';

/** The page that a server shows. */
export interface ShownPage {
  /** Differs after each change. */
  readonly version: number;
  /** The whole page, and its Content-Security-Policy. */
  html(): { html: string; policy: string };
  /** The data of the page as JSON. */
  data(): string;
  /** A text that the page asks for by its id; undefined: there is none. Rejects with an Error for the reader. */
  text(id: string, signal: AbortSignal): Promise<string | undefined>;
  /** Calls back after each change. Returns what ends that. */
  onChange(call: () => void): () => void;
}

/** The page can be reached under no other address: a container or a network must not see it. */
const LOOPBACK = '127.0.0.1';
/** Milliseconds after which a silent stream says that it lives. */
const BEAT_MS = 15_000;
/** Streams at once: a reader has a few tabs. */
const MOST_STREAMS = 32;

const FIXED_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** A request that is refused with a code and a sentence. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Serves a page to the person at this machine. It listens on loopback and answers only under its own name. Under a foreign name,
 * a page could reach it by DNS rebinding. It answers only to its own pages, and only below a path that other users
 * cannot guess. It reads, and changes nothing.
 */
export class UiServer {
  readonly #page: ShownPage;
  readonly #server: Server;
  readonly #token = randomBytes(16).toString('hex');
  readonly #streams = new Set<ServerResponse>();
  readonly #stopped = new AbortController();
  #port = 0;

  constructor(page: ShownPage) {
    this.#page = page;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /**
   * Listens, and resolves to the address to open. Rejects when the port is taken.
   * @param port 0 takes a free one
   */
  start(port = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, LOOPBACK, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        this.#port = typeof address === 'object' && address !== null ? address.port : port;
        resolve(`http://${LOOPBACK}:${this.#port}/${this.#token}/`);
      });
    });
  }

  /** Ends all streams and stops answering. */
  stop(): Promise<void> {
    this.#stopped.abort(new Error('the server of the page is stopping'));
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the reader went away')));
    const signal = AbortSignal.any([gone.signal, this.#stopped.signal]);
    try {
      await this.#answer(this.#pathOf(request), request, response, signal);
    } catch (error) {
      if (signal.aborted || response.headersSent) {
        response.destroy();
        return;
      }
      const code = error instanceof Refusal ? error.code : 502;
      const sentence = plainLine(error instanceof Error ? error.message : String(error));
      response.writeHead(code, { ...FIXED_HEADERS, 'content-type': 'text/plain; charset=utf-8' });
      response.end(`${sentence}\n`);
    }
  }

  /** The path below the token. Throws Refusal for a request that no page of this server makes. */
  #pathOf(request: IncomingMessage): string {
    const { method, headers, url = '/' } = request;
    const names = [`${LOOPBACK}:${this.#port}`, `localhost:${this.#port}`];
    const host = headers.host ?? '';
    if (!names.includes(host)) throw new Refusal(421, `this server has the name ${names[0]}, and no other`);
    if (headers.origin !== undefined && headers.origin !== `http://${host}`)
      throw new Refusal(403, 'only the page itself may ask this server');
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new Refusal(403, 'only the page itself may ask this server');
    if (method !== 'GET' && method !== 'HEAD') throw new Refusal(405, 'the page only reads');
    const { pathname } = new URL(url, 'http://page');
    const [, token = '', ...rest] = pathname.split('/');
    if (!isSame(token, this.#token) || rest.length === 0)
      throw new Refusal(404, 'open the address that e2e ui printed');
    return rest.join('/');
  }

  async #answer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const send = (type: string, text: string, more: Record<string, string> = {}) =>
      sendText(request, response, { 'content-type': `${type}; charset=utf-8`, ...more }, text);
    if (path === '') {
      const { html, policy } = this.#page.html();
      send('text/html', html, { 'content-security-policy': `${policy}; frame-ancestors 'none'` });
    } else if (path === 'data') {
      send('application/json', this.#page.data());
    } else if (path === 'events') {
      this.#stream(response);
    } else if (path.startsWith('text/')) {
      const text = await this.#page.text(decodedId(path.slice('text/'.length)), signal);
      if (text === undefined) throw new Refusal(404, 'the page has no such text');
      send('text/plain', text);
    } else {
      throw new Refusal(404, 'the page has no such part');
    }
  }

  /** Server-sent events: each names the version of the page, the first at once. */
  #stream(response: ServerResponse): void {
    if (this.#streams.size >= MOST_STREAMS) throw new Refusal(503, 'too many pages are open');
    response.writeHead(200, { ...FIXED_HEADERS, 'content-type': 'text/event-stream' });
    const tell = () => response.write(`data: ${this.#page.version}\n\n`);
    const end = this.#page.onChange(tell);
    const beat = setInterval(() => response.write(': here\n\n'), BEAT_MS);
    this.#streams.add(response);
    response.once('close', () => {
      this.#streams.delete(response);
      clearInterval(beat);
      end();
    });
    tell();
  }
}

function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
  text: string,
): void {
  const packs = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = packs ? gzipSync(text, { level: 1 }) : Buffer.from(text);
  response.writeHead(200, {
    ...FIXED_HEADERS,
    ...headers,
    'content-length': body.length,
    ...(packs ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The id in a path; one that cannot be decoded names nothing. */
function decodedId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
