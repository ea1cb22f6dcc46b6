import type { Connection } from '@backendai-e2e/api/connection';
import type { Etcd3 } from 'etcd3';
import { Api } from '../http/api.ts';
import { parseMetrics } from '../http/metrics.ts';

/** The server's gauge of watches (etcd 3.5, server/storage/mvcc/metrics.go). */
const WATCHES = 'etcd_debugging_mvcc_watcher_total';

/** A change of a key. value: undefined after a deletion. */
export interface KeyChange {
  key: string;
  value: string | undefined;
}

/** Backend.AI's keys in etcd, below /sorna/<namespace>/ (ai.backend.common.etcd). */
export class Etcd {
  readonly #hosts: string[];
  #client: Promise<Etcd3> | undefined;
  readonly #api: Api;
  readonly #prefix: string;

  constructor(connection: Connection['etcd']) {
    this.#hosts = connection.endpoints;
    this.#api = new Api(connection.endpoints[0] ?? '');
    this.#prefix = `/sorna/${connection.namespace}/`;
  }

  /** The value of a key such as "manager/status", or undefined. */
  async get(key: string): Promise<string | undefined> {
    const client = await this.#connected();
    return (await client.get(this.#prefix + key).string()) ?? undefined;
  }

  /** All values below a prefix such as "nodes/manager/", by key without the namespace. */
  async below(prefix: string): Promise<Record<string, string>> {
    const client = await this.#connected();
    const found = await client
      .getAll()
      .prefix(this.#prefix + prefix)
      .strings();
    return Object.fromEntries(
      Object.entries(found).map(([key, value]) => [key.slice(this.#prefix.length), value]),
    );
  }

  /**
   * Watches all keys below a prefix. `seen` holds the changes, oldest first, and grows until the end.
   * The watch is active when this returns.
   */
  async watch(prefix: string): Promise<{ seen: KeyChange[]; end: () => Promise<void> }> {
    const seen: KeyChange[] = [];
    const client = await this.#connected();
    const watcher = await client
      .watch()
      .prefix(this.#prefix + prefix)
      .create();
    const key = (raw: Buffer): string => raw.toString().slice(this.#prefix.length);
    watcher.on('put', (change) => seen.push({ key: key(change.key), value: change.value.toString() }));
    watcher.on('delete', (change) => seen.push({ key: key(change.key), value: undefined }));
    return { seen, end: () => watcher.cancel() };
  }

  /** Number of watches of all clients, from the server's metrics. Throws when the server does not answer. */
  async watches(): Promise<number> {
    const answer = await this.#api.request({ method: 'GET', path: '/metrics', timeoutMs: 5_000 });
    const [sample] = parseMetrics(answer.bytes.toString()).filter(({ name }) => name === WATCHES);
    if (!sample) throw new Error(`etcd has no metric ${WATCHES} at /metrics`);
    return sample.value;
  }

  /** Writes values by key. Use it only in the suite's own namespace, never in that of the deployment. */
  async put(values: Record<string, string>): Promise<void> {
    const client = await this.#connected();
    for (const [key, value] of Object.entries(values)) {
      await client.put(this.#prefix + key).value(value);
    }
  }

  /** Deletes every key of the namespace. Throws when the namespace is that of the deployment. */
  async clear(deployment: Connection['etcd']): Promise<void> {
    if (this.#prefix === `/sorna/${deployment.namespace}/`) {
      throw new Error(`the namespace ${deployment.namespace} of etcd belongs to the deployment`);
    }
    const client = await this.#connected();
    await client.delete().prefix(this.#prefix);
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    (await this.#client)?.close();
  }

  /** Loads etcd3 at the first use. It takes 0.1 s of CPU and 14 MiB, and most suites do not use etcd. */
  #connected(): Promise<Etcd3> {
    this.#client ??= import('etcd3').then(
      ({ Etcd3 }) => new Etcd3({ hosts: this.#hosts, dialTimeout: 5_000 }),
    );
    return this.#client;
  }
}
