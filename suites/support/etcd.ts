import { Etcd3 } from 'etcd3';
import type { Connection } from '../../operator/api/connection.ts';

/** Backend.AI's part of etcd. Keys stand under /sorna/<namespace>/ on the wire (ai.backend.common.etcd). */
export class Etcd {
  readonly #client: Etcd3;
  readonly #prefix: string;

  constructor(connection: Connection['etcd']) {
    this.#client = new Etcd3({ hosts: connection.endpoints, dialTimeout: 5_000 });
    this.#prefix = `/sorna/${connection.namespace}/`;
  }

  /** The value of a key such as "manager/status", or undefined. */
  async get(key: string): Promise<string | undefined> {
    return (await this.#client.get(this.#prefix + key).string()) ?? undefined;
  }

  /** All values below a prefix such as "nodes/manager/", by key without the namespace. */
  async below(prefix: string): Promise<Record<string, string>> {
    const found = await this.#client
      .getAll()
      .prefix(this.#prefix + prefix)
      .strings();
    return Object.fromEntries(
      Object.entries(found).map(([key, value]) => [key.slice(this.#prefix.length), value]),
    );
  }

  close(): void {
    this.#client.close();
  }
}
