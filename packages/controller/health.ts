import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A named check: undefined when it passes, otherwise the reason. */
export type Check = () => string | undefined;

/** Where probes and metrics are served. */
export interface HealthOptions {
  /** TCP port; 0 takes a free port. */
  port: number;
  /** Default: all addresses. */
  host?: string;
  /** The body of /metrics and its content type: a prom-client registry. */
  metrics?: { contentType: string; metrics(): Promise<string> };
}

interface Answer {
  code: number;
  type: string;
  body: string;
}

/**
 * HTTP server for probes and metrics. /healthz: the process answers and no liveness check fails. /readyz: every readiness
 * check passes. Both list the checks with 200 or 503. /metrics: Prometheus text.
 */
export class HealthServer {
  readonly #options: HealthOptions;
  readonly #ready = new Map<string, Check>();
  readonly #live = new Map<string, Check>();
  #server: Server | undefined;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Adds a check of /readyz. The name appears in the answer. */
  addReadyCheck(name: string, check: Check): void {
    this.#ready.set(name, check);
  }

  /** Adds a check of /healthz. The name appears in the answer. */
  addLiveCheck(name: string, check: Check): void {
    this.#live.set(name, check);
  }

  /** Listens; resolves to the port. Rejects when the port is taken. */
  start(): Promise<number> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port, this.#options.host, () => {
        server.off('error', reject);
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : this.#options.port);
      });
    });
  }

  /** Stops answering. */
  stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return Promise.resolve();
    return new Promise((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(new URL(request.url ?? '/', 'http://localhost').pathname);
    } catch (error) {
      answer = text(500, `${error instanceof Error ? error.message : String(error)}\n`);
    }
    response.writeHead(answer.code, { 'content-type': answer.type });
    response.end(answer.body);
  }

  async #answer(path: string): Promise<Answer> {
    if (path === '/healthz') return checked(this.#live);
    if (path === '/readyz') return checked(this.#ready);
    const { metrics } = this.#options;
    if (path === '/metrics' && metrics) {
      return { code: 200, type: metrics.contentType, body: await metrics.metrics() };
    }
    return text(404, 'There are /healthz, /readyz and /metrics.\n');
  }
}

function checked(checks: ReadonlyMap<string, Check>): Answer {
  const results = [...checks].map(([name, check]) => ({ name, problem: outcome(check) }));
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+] ${name}` : `[-] ${name}: ${problem}`,
  );
  const fine = results.every(({ problem }) => problem === undefined);
  return text(fine ? 200 : 503, `${[...lines, fine ? 'ok' : 'failed'].join('\n')}\n`);
}

/** A check that throws has failed: the probe reports it, and the process goes on. */
function outcome(check: Check): string | undefined {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function text(code: number, body: string): Answer {
  return { code, type: 'text/plain; charset=utf-8', body };
}
