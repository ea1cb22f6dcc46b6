import type { Connection } from '@backendai-e2e/api/connection';
import { expect } from 'chai';
import { E2E_VALUES, render, secretData } from './render.ts';

/** Every path of an object down to its leaves; all entries of a list count as one. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((entry) => pathsOf(entry, `${prefix}[]`)))];
  if (typeof value !== 'object' || value === null) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, `${prefix}.${key}`));
}

const account = { email: '', password: '', accessKey: '', secretKey: '' };
const CONNECTION: Connection = {
  namespace: '',
  version: '',
  domain: '',
  project: '',
  scalingGroup: '',
  manager: { url: '', internalUrl: '' },
  webserver: { url: '' },
  storageProxy: {
    clientUrl: '',
    managerUrl: '',
    internalUrl: '',
    managerSecret: '',
    sessionSecret: '',
    volume: '',
  },
  appProxy: { coordinatorUrl: '', workerUrl: '', apiSecret: '' },
  postgres: { host: '', port: 0, user: '', password: '', database: '', appproxyDatabase: '' },
  valkey: { host: '', port: 0, password: '' },
  etcd: { endpoints: [''], namespace: '' },
  registry: {
    url: '',
    name: '',
    project: '',
    kernelImage: '',
    guarded: { url: '', name: '', username: '', password: '' },
  },
  s3: { endpoint: '', region: '', accessKey: '', secretKey: '', bucket: '' },
  agents: [{ id: '', httpUrl: '', observerUrl: '', observerToken: '' }],
  accounts: { admin: account, user: account, user2: account },
};

describe('the connection of charts/backend-ai', function () {
  this.timeout(30_000);

  it('fills every field of packages/api/connection.ts, with names valid in any namespace', async () => {
    const e2e = await render('--values', E2E_VALUES);
    const text = secretData(e2e, 'backend-ai-connection')['connection.json'] ?? '';
    const connection: Connection = JSON.parse(text);
    expect(pathsOf(connection)).to.have.members(pathsOf(CONNECTION));
    expect(connection.manager.url).to.equal('http://manager.ns.svc.cluster.local:8081');
    expect(connection.registry.kernelImage).to.equal('registry.ns:5000/stable/python:3.13-debian13');
    expect(connection.agents.map(({ id }) => id)).to.deep.equal(['i-agent-0', 'i-agent-1']);
    const keys = Object.values(connection.accounts).map(({ accessKey }) => accessKey);
    expect(new Set(keys).size).to.equal(3);
    for (const key of keys) expect(key).to.match(/^AKIA[0-9A-Z]{16}$/);
  });
});
