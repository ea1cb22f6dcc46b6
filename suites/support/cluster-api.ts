import http from 'node:http';
import https from 'node:https';
import { API_VERSION, GROUP, KINDS, type KindName, VERSION } from '../../operator/api/group.ts';
import type { ApiServer } from '../runner/settings.ts';

/** One request to the API server may take this long, milliseconds. */
const REQUEST_MS = 5_000;

/** The API server refused a request. */
export class ClusterRefused extends Error {
  override name = 'ClusterRefused';
  /** HTTP status. */
  readonly code: number;
  constructor(what: string, code: number, text: string) {
    super(`the API server answered ${code} to ${what}: ${text.slice(0, 500)}`);
    this.code = code;
  }
}

/** Objects of the project's kinds, with the rights of the suite's own account. */
export class ClusterApi {
  readonly #server: ApiServer;
  readonly #namespace: string;
  readonly #agent: http.Agent;
  readonly #secure: boolean;

  constructor(server: ApiServer, namespace: string) {
    this.#server = server;
    this.#namespace = namespace;
    this.#secure = server.url.startsWith('https:');
    this.#agent = this.#secure
      ? new https.Agent({ keepAlive: true, ca: server.ca })
      : new http.Agent({ keepAlive: true });
  }

  /** The object, or undefined when there is none. */
  async get<T>(kind: KindName, name: string): Promise<T | undefined> {
    const { code, text } = await this.#send('GET', kind, name);
    if (code === 404) return undefined;
    return parsed<T>(`get ${kind} ${name}`, code, text);
  }

  /** Creates the object; metadata may carry generateName instead of a name. */
  async create<T>(kind: KindName, object: object): Promise<T> {
    const whole = { ...object, apiVersion: API_VERSION, kind };
    const { code, text } = await this.#send('POST', kind, undefined, whole);
    return parsed<T>(`create ${kind}`, code, text);
  }

  /** JSON merge patch. */
  async patch<T>(kind: KindName, name: string, patch: object): Promise<T> {
    const { code, text } = await this.#send('PATCH', kind, name, patch);
    return parsed<T>(`patch ${kind} ${name}`, code, text);
  }

  /** Deletes; one that is gone is no error. */
  async delete(kind: KindName, name: string): Promise<void> {
    const { code, text } = await this.#send('DELETE', kind, name);
    if (code !== 404) parsed(`delete ${kind} ${name}`, code, text);
  }

  #send(method: string, kind: KindName, name: string | undefined, body?: object): Promise<Answer> {
    const collection = `/apis/${GROUP}/${VERSION}/namespaces/${this.#namespace}/${KINDS[kind].plural}`;
    const url = new URL(name === undefined ? collection : `${collection}/${name}`, this.#server.url);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const token = this.#server.token?.();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return new Promise((resolve, reject) => {
      const outgoing = (this.#secure ? https : http).request(url, {
        method,
        agent: this.#agent,
        signal: AbortSignal.timeout(REQUEST_MS),
        headers: {
          accept: 'application/json',
          ...(text === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({ code: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface Answer {
  code: number;
  text: string;
}

function parsed<T>(what: string, code: number, text: string): T {
  if (code < 200 || code >= 300) throw new ClusterRefused(what, code, text);
  return JSON.parse(text) as T;
}
