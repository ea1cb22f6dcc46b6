import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { nearMisses } from '@backendai-e2e/tools/fuzz/near-misses';
import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError } from '../access/config-error.ts';
import { execInfo, isInteractive, readExecCredential } from './exec-plugin.ts';
import { kubeconfigOf } from './file.ts';
import { accessOf, loadKubeconfig } from './load.ts';

const EXEC = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: './login.sh',
  args: ['--region', 'x'],
  env: [{ name: 'A', value: 'b' }],
  provideClusterInfo: true,
  interactiveMode: 'Never',
};
const CLUSTER = {
  server: 'https://cluster.example:6443/api',
  'certificate-authority': 'ca.crt',
  'certificate-authority-data': 'YWJj',
  'proxy-url': 'socks5://proxy.example:1080',
  'tls-server-name': 'kubernetes',
  extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { a: 1 } }],
};
const USERS = [
  { name: 'plugin', user: { exec: EXEC, as: 'bob', 'as-groups': ['a'], 'as-user-extra': { k: ['v'] } } },
  { name: 'token', user: { tokenFile: 'token', 'client-certificate': 'c', 'client-key': 'k' } },
  { name: 'basic', user: { username: 'u', password: 'p', 'as-uid': '7', as: 'x' } },
  { name: 'oidc', user: { 'auth-provider': { name: 'oidc', config: { 'id-token': 'a.b.c' } } } },
];
const CONFIG = {
  'current-context': 'plugin',
  clusters: [{ name: 'k', cluster: CLUSTER }],
  users: USERS,
  contexts: USERS.map(({ name }) => ({ name, context: { cluster: 'k', user: name, namespace: 'ns' } })),
};

/** Runs what reads a text of others. It may refuse the text, but only as its own error. */
function refusedOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error, error instanceof Error ? error.stack : undefined).to.be.instanceOf(ConfigError);
    return undefined;
  }
}

describe('a kubeconfig of others', function () {
  this.timeout(LAST_RESORT_MS);
  const folder = mkdtempSync(path.join(tmpdir(), 'hostile-kubeconfig-'));
  const file = path.join(folder, 'config');
  after(() => rmSync(folder, { recursive: true }));

  it('leads to a server, or is refused with a sentence, for each of its users', () => {
    const around = { env: {}, terminal: false, showError: () => undefined, now: () => new Date() };
    fc.assert(
      fc.property(nearMisses(CONFIG), fc.constantFrom(...USERS), (document, { name }) => {
        const config = refusedOr(() => kubeconfigOf(document, '/home/bob/.kube/config'));
        if (!config) return;
        const access = refusedOr(() => accessOf(config, 'config', name, around));
        if (access) expect(access.server).to.match(/^https?:\/\/[^/]/i);
        const [cluster] = config.clusters.values();
        for (const { exec } of config.users.values()) {
          if (!exec?.command || !cluster) continue;
          expect(path.isAbsolute(exec.command) || !exec.command.includes('/')).to.equal(true);
          const interactive = refusedOr(() => isInteractive(exec, false));
          const info = execInfo(exec, interactive === true, { ...around, cluster });
          expect(JSON.parse(info)).to.have.property('spec');
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('may be any text', () => {
    const piece = fc.constantFrom('{', '}', '[', ': ', '- ', '\n', '  ', '&a ', '*a ', '|', 'users', '"');
    const yaml = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(yaml, fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        writeFileSync(file, text);
        refusedOr(() => loadKubeconfig({ kubeconfig: file }, { env: {}, terminal: false }));
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('what a credential plugin prints', function () {
  this.timeout(LAST_RESORT_MS);
  const credential = {
    apiVersion: EXEC.apiVersion,
    kind: 'ExecCredential',
    status: {
      token: 't',
      clientCertificateData: 'c',
      clientKeyData: 'k',
      expirationTimestamp: '2026-01-01T00:00:00Z',
    },
  };
  const exec = { ...EXEC, interactiveMode: 'Never' as const };

  it('is credentials, or is refused with a sentence', () => {
    const printed = fc.oneof(
      nearMisses(credential).map((each) => JSON.stringify(each) ?? ''),
      fc.string(),
    );
    fc.assert(
      fc.property(printed, (output) => {
        const read = refusedOr(() => readExecCredential(exec, output));
        for (const part of [read?.token, read?.certificate, read?.key]) {
          if (part !== undefined) expect(part).to.be.a('string').that.is.not.equal('');
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
