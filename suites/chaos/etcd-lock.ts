import type { Connection } from '@backendai-e2e/api/connection';
import { Api } from '../clients/http/api.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Answer {
  header: { revision: string };
}

/** A held lock. grantedAt: revision of etcd at which it was granted. */
export interface HeldLock {
  key: string;
  lease: string;
  grantedAt: number;
}

/**
 * etcd's lock service (v3lock) through its JSON gateway. EtcdLock of ai.backend.common.lock uses the same service.
 * Names and keys are Base64 in requests and answers.
 */
export class EtcdLocks {
  readonly #api: Api;

  constructor(connection: Connection['etcd']) {
    this.#api = new Api(connection.endpoints[0] ?? '');
  }

  /** Creates a lease of `seconds`, without keep-alive. */
  async lease(seconds: number): Promise<string> {
    const answer = await this.#api.json<{ ID: string }>({
      method: 'POST',
      path: '/v3/lease/grant',
      json: { TTL: seconds },
    });
    return answer.ID;
  }

  /** Renews a lease and returns its seconds, or 0 when the lease does not exist. */
  async keepAlive(lease: string): Promise<number> {
    const answer = await this.#api.request({
      method: 'POST',
      path: '/v3/lease/keepalive',
      json: { ID: lease },
      timeoutMs: 2_000,
    });
    // The answer is a stream of JSON lines. Here it ends after the first.
    const first: { result?: { TTL?: string } } = JSON.parse(answer.bytes.toString().split('\n')[0] ?? '{}');
    return Number(first.result?.TTL ?? 0);
  }

  /** The server's raft term, which increases with each start. */
  async term(): Promise<number> {
    const status = await this.#api.json<{ raftTerm: string }>({
      method: 'POST',
      path: '/v3/maintenance/status',
      json: {},
      timeoutMs: 5_000,
    });
    return Number(status.raftTerm);
  }

  /** Revokes a lease and everything that it holds. */
  async revoke(lease: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: '/v3/lease/revoke', json: { ID: lease } });
  }

  /** Waits for the lock and takes it. */
  async acquire(name: string, lease: string, timeoutMs: number): Promise<HeldLock> {
    const answer = await this.#api.json<Answer & { key: string }>({
      method: 'POST',
      path: '/v3/lock/lock',
      json: { name: base64(name), lease },
      timeoutMs,
    });
    return { key: answer.key, lease, grantedAt: Number(answer.header.revision) };
  }

  /** Releases the lock, and returns the revision. */
  async release(lock: HeldLock): Promise<number> {
    const answer = await this.#api.json<Answer>({
      method: 'POST',
      path: '/v3/lock/unlock',
      json: { key: lock.key },
    });
    return Number(answer.header.revision);
  }

  /** Number of clients that hold a lock or wait for it. Each has a key below the name. */
  async contenders(name: string): Promise<number> {
    const answer = await this.#api.json<{ count?: string }>({
      method: 'POST',
      path: '/v3/kv/range',
      // "0" comes after "/".
      json: { key: base64(`${name}/`), range_end: base64(`${name}0`), count_only: true },
    });
    return Number(answer.count ?? 0);
  }

  /** Whether a lock's key from {@link acquire} exists in etcd. */
  async isHeld(key: string): Promise<boolean> {
    const answer = await this.#api.json<{ count?: string }>({
      method: 'POST',
      path: '/v3/kv/range',
      json: { key, count_only: true },
    });
    return answer.count === '1';
  }

  /** The value of a key; undefined where it does not exist. */
  async read(key: string): Promise<string | undefined> {
    const answer = await this.#api.json<{ kvs?: { value: string }[] }>({
      method: 'POST',
      path: '/v3/kv/range',
      json: { key: base64(key) },
    });
    const value = answer.kvs?.[0]?.value;
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  }

  /** Sets the value of a key. */
  async write(key: string, value: string): Promise<void> {
    const json = { key: base64(key), value: base64(value) };
    await this.#api.request({ method: 'POST', path: '/v3/kv/put', json });
  }

  /** Deletes every key with a prefix. */
  async forget(prefix: string): Promise<void> {
    const end = Buffer.from(prefix);
    end.writeUInt8((end.at(-1) ?? 0) + 1, end.length - 1);
    const json = { key: base64(prefix), range_end: end.toString('base64') };
    await this.#api.request({ method: 'POST', path: '/v3/kv/deleterange', json });
  }
}
