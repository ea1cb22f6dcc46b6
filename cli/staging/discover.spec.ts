import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Connection } from '@backendai-e2e/api/connection';
import { ApiError } from '@backendai-e2e/kube/api-error';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { render, secretData } from '@backendai-e2e/tools/charts/rendering/backend-ai';
import { expect } from 'chai';
import { completeConnection, findConnection, NotReachable } from './connection.ts';
import { endpointsOf, layered, type Service } from './discover.ts';

const namespaces = { deployment: 'ns', test: 't' };
const sources = { secret: 'backend-ai-connection' };
const signal = new AbortController().signal;

describe('endpoints of a deployment', () => {
  let services: Service[];
  let connection: Connection;

  before(async () => {
    const objects = await render();
    services = objects.filter(({ kind }) => kind === 'Service') as Service[];
    connection = JSON.parse(secretData(objects, 'backend-ai-connection')['connection.json'] ?? '');
  });

  /** An API server that holds these. */
  const client = (secret: unknown, items: Service[] = services): Pick<RestApi, 'get'> => ({
    get: async <T>(url: string): Promise<T> => {
      if (url.endsWith('/services')) return { items } as T;
      if (secret === undefined)
        throw new ApiError({ what: `get ${url}`, code: 404, reason: 'NotFound', message: 'no such secret' });
      const data = { 'connection.json': Buffer.from(JSON.stringify(secret)).toString('base64') };
      return { data } as T;
    },
  });

  it('from the Services of charts/backend-ai match those in its Secret', () => {
    const found = endpointsOf(services, 'ns');
    const expected = {
      namespace: 'ns',
      manager: connection.manager,
      webserver: connection.webserver,
      appProxy: {
        coordinatorUrl: connection.appProxy.coordinatorUrl,
        workerUrl: connection.appProxy.workerUrl,
      },
      postgres: { host: connection.postgres.host, port: 5432 },
      valkey: { host: connection.valkey.host, port: 6379 },
      etcd: { endpoints: connection.etcd.endpoints },
      registry: { url: connection.registry.url },
      s3: { endpoint: connection.s3.endpoint },
    };
    expect(found).to.deep.include(expected);
    expect(found.storageProxy).to.deep.equal({
      clientUrl: connection.storageProxy.clientUrl,
      managerUrl: connection.storageProxy.managerUrl,
      internalUrl: connection.storageProxy.internalUrl,
    });
  });

  it('are found by label under another name and port, and by name without a label', () => {
    const labels = { 'app.kubernetes.io/component': 'manager' };
    const named: Service[] = [
      { metadata: { name: 'bai-manager', labels }, spec: { ports: [{ name: 'http', port: 80 }] } },
      { metadata: { name: 'etcd' }, spec: { ports: [{ port: 12379 }] } },
    ];
    expect(endpointsOf(named, 'x', 'corp.local')).to.deep.include({
      manager: {
        url: 'http://bai-manager.x.svc.corp.local:80',
        internalUrl: 'http://bai-manager.x.svc.corp.local:80',
      },
      etcd: { endpoints: ['http://etcd.x.svc.corp.local:12379'] },
    });
  });

  it('are complete with a Secret that holds only credentials', async () => {
    const secret = structuredClone(connection) as unknown as Record<string, Record<string, unknown>>;
    for (const part of ['manager', 'webserver']) delete secret[part];
    for (const key of ['host', 'port']) delete secret.postgres?.[key];
    const found = await findConnection(client(secret), namespaces, sources, signal);
    expect(found.connection).to.deep.equal(connection);
    expect(found.told.join('\n')).to.include('Secret ns/backend-ai-connection: credentials');
    expect(found.told.join('\n')).not.to.include(connection.postgres.password);
  });

  it('and credentials come from one file alone where nothing else can be read', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'connection-'));
    try {
      const file = path.join(folder, 'connection.yaml');
      await writeFile(
        file,
        JSON.stringify({ ...connection, manager: { url: 'https://a', internalUrl: 'https://b' } }),
      );
      const found = await findConnection(client(undefined, []), namespaces, { ...sources, file }, signal);
      expect(found.connection.manager).to.deep.equal({ url: 'https://a', internalUrl: 'https://b' });
      expect(found.connection.accounts).to.deep.equal(connection.accounts);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are refused with the names of what is missing or wrong, and no secret value', () => {
    const { s3: _, ...rest } = connection;
    const broken = {
      ...rest,
      postgres: { ...rest.postgres, port: 99_999 },
      accounts: { ...rest.accounts, user: { email: 'u', password: 'hush' } },
    };
    const refused = (): unknown => completeConnection(broken, namespaces, sources);
    expect(refused)
      .to.throw(NotReachable)
      .with.property('message')
      .that.matches(/s3/)
      .and.matches(/postgres\.port \(.*65535.*\)/)
      .and.matches(/accounts\.user\.accessKey/)
      .and.not.matches(/hush/);
  });

  it('of a later layer win key by key; lists are replaced as a whole', () => {
    const below = { manager: { url: 'a', internalUrl: 'b' }, agents: [{ id: '1', httpUrl: 'x' }] };
    expect(layered(below, undefined, { manager: { url: 'c' }, agents: [] })).to.deep.equal({
      manager: { url: 'c', internalUrl: 'b' },
      agents: [],
    });
  });
});
