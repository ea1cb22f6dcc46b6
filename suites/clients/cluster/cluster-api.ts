import { API_VERSION, GROUP, KINDS, type KindName, VERSION } from '@backendai-e2e/api/group';
import { type PodAnswer, type PodApiServer, PodConnection } from '@backendai-e2e/kube/pod-connection';

/** The API server refused a request. */
class ClusterRefused extends Error {
  override name = 'ClusterRefused';
  /** HTTP status. */
  readonly code: number;
  constructor(what: string, code: number, text: string) {
    super(`the API server answered ${code} to ${what}: ${text.slice(0, 500)}`);
    this.code = code;
  }
}

/** Objects of the project's kinds, with the rights of the suite's account. */
export class ClusterApi {
  readonly #connection: PodConnection;
  readonly #namespace: string;

  constructor(server: PodApiServer, namespace: string) {
    this.#connection = new PodConnection(server);
    this.#namespace = namespace;
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

  /** Deletes the object. A missing object is not an error. */
  async delete(kind: KindName, name: string): Promise<void> {
    const { code, text } = await this.#send('DELETE', kind, name);
    if (code !== 404) parsed(`delete ${kind} ${name}`, code, text);
  }

  #send(method: string, kind: KindName, name: string | undefined, body?: object): Promise<PodAnswer> {
    const collection = `/apis/${GROUP}/${VERSION}/namespaces/${this.#namespace}/${KINDS[kind].plural}`;
    const path = name === undefined ? collection : `${collection}/${name}`;
    if (body === undefined) return this.#connection.send(method, path);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return this.#connection.send(method, path, { type, text: JSON.stringify(body) });
  }

  close(): void {
    this.#connection.close();
  }
}

function parsed<T>(what: string, code: number, text: string): T {
  if (code < 200 || code >= 300) throw new ClusterRefused(what, code, text);
  return JSON.parse(text) as T;
}
