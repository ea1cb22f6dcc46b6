import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Valkey } from '../data-stores/valkey.ts';
import { livingProcesses, RENEWAL_SECONDS } from './discovery.ts';

/** A Valkey that holds these records, as components write them: name → address of its metrics, seconds since its heartbeat. */
function valkeyWith(records: Record<string, { address: string; ago?: number }>): Valkey {
  const now = Date.now() / 1000;
  const hash = (name: string) => {
    const { address = '', ago = 0 } = records[name] ?? {};
    const [host, port] = address.split(':');
    const fields = {
      ...{ id: name, service_group: 'appproxy-worker', display_name: name, version: '1' },
      endpoint: { address: host, port: Number(port), protocol: 'http', prometheus_address: address },
      health_status: { registration_time: now - 600, last_heartbeat: now - ago },
    };
    return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, JSON.stringify(value)]));
  };
  const prefix = 'service_discovery.appproxy-worker.';
  const db = {
    keys: async () => Object.keys(records).map((name) => `${prefix}${name}`),
    hgetall: async (key: string) => hash(key.slice(prefix.length)),
    ttl: async () => 100,
  };
  return { db: () => db } as unknown as Valkey;
}

describe('the processes that live', () => {
  const servers: Server[] = [];
  const listening = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  const living = async (records: Parameters<typeof valkeyWith>[0], answerMs = 5_000) =>
    (await livingProcesses(valkeyWith(records), answerMs)).map(({ name }) => name);

  it('answer at the address of their record: that of a deleted pod stays until it expires', async () => {
    const here = await listening((_, answer) => answer.end());
    const gone = await listening(() => undefined);
    servers.pop()?.close();
    expect(await living({ here: { address: here }, gone: { address: gone } })).to.deep.equal(['here']);
  });

  it('may answer with an error, or too late', async () => {
    const failing = await listening((_, answer) => answer.writeHead(500).end());
    const slow = await listening(() => undefined);
    const records = { failing: { address: failing }, slow: { address: slow } };
    expect(await living(records, 200)).to.deep.equal(['failing', 'slow']);
  });

  it('renew their record', async () => {
    const address = await listening((_, answer) => answer.end());
    const ago = RENEWAL_SECONDS + 20;
    expect(await living({ late: { address, ago }, renewed: { address } })).to.deep.equal(['renewed']);
  });
});
