import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { pinnedTool } from '@backendai-e2e/tools/envtest/processes/pinned-tools';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { loadKubeconfig } from './kubeconfig/load.ts';
import { RestClient } from './rest-client.ts';

const V1 = 'client.authentication.k8s.io/v1';

/** What the API server knows of the caller (authentication.k8s.io/v1 SelfSubjectReview). */
interface Review {
  status: { userInfo: object };
}

describe('a kubeconfig against a real API server, compared with kubectl', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let folder: string;
  let kubectl: string;

  before(async () => {
    kubectl = pinnedTool('kubectl');
    plane = await sharedControlPlane();
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    mkdirSync(join(folder, 'sub'));
    const { token, authority } = plane.user('admin');
    writeFileSync(join(folder, 'token'), `${token}\n`);
    writeFileSync(join(folder, 'ca.crt'), authority);
    writeFileSync(
      join(folder, 'login.sh'),
      `#!/bin/sh\necho '{"apiVersion":"${V1}","kind":"ExecCredential","status":{"token":"${token}"}}'\n`,
    );
    chmodSync(join(folder, 'login.sh'), 0o755);
  });
  after(async () => {
    await plane?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });

  function write(name: string, user: object, cluster: object = {}): string {
    const file = join(folder, name);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [
        { name: 'k', cluster: { server: plane.url, 'certificate-authority': 'ca.crt', ...cluster } },
      ],
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      users: [{ name: 'u', user }],
    };
    writeFileSync(file, stringify(config));
    return file;
  }

  /** Who the API server takes the client for. */
  async function ours(env: NodeJS.ProcessEnv): Promise<object> {
    const client = new RestClient(loadKubeconfig({}, { env, terminal: false }), { fieldManager: 'test' });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} };
    try {
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      return (await client.create<Review>(path, review)).status.userInfo;
    } finally {
      await client.close();
    }
  }

  /** Who the API server takes kubectl for. */
  async function kubectls(env: NodeJS.ProcessEnv): Promise<object> {
    const { stdout } = await promisify(execFile)(kubectl, ['auth', 'whoami', '--output', 'json'], { env });
    return (JSON.parse(stdout) as Review).status.userInfo;
  }

  const exec = { apiVersion: V1, command: './login.sh', interactiveMode: 'Never' };
  const cases: [string, () => string][] = [
    ['a token and an authority beside the file', () => write('a', { token: plane.user('admin').token })],
    ['a tokenFile beside the file', () => write('b', { tokenFile: 'token' })],
    ['an exec plugin beside the file', () => write('c', { exec })],
    [
      'impersonation of a user with groups, a UID and extra fields',
      () =>
        write('d', {
          tokenFile: 'token',
          as: 'bob',
          'as-uid': '7',
          'as-groups': ['testers', 'devs'],
          'as-user-extra': { 'example.com/Reason': ['one', 'two'] },
        }),
    ],
    [
      'a certificate that is not checked',
      () =>
        write(
          'e',
          { tokenFile: 'token' },
          { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true },
        ),
    ],
    [
      'the name of the server in its certificate',
      () => write('f', { tokenFile: 'token' }, { 'tls-server-name': 'kubernetes.default.svc' }),
    ],
    [
      'a list whose first file wins',
      () => {
        const first = write('g', { tokenFile: 'token', as: 'first' });
        const second = write('sub/h', { token: 'wrong', as: 'second' });
        return `${first}:${join(folder, 'missing')}:${second}`;
      },
    ],
  ];
  for (const [title, kubeconfig] of cases) {
    it(`logs in with ${title}`, async () => {
      const env = { KUBECONFIG: kubeconfig(), PATH: process.env.PATH, HOME: folder };
      const expected = await kubectls(env);
      expect(expected).to.have.property('username').that.is.not.equal('system:anonymous');
      expect(await ours(env)).to.deep.equal(expected);
    });
  }

  it('asks a plugin again for a token that the API server takes', async () => {
    const command = join(folder, 'twice.sh');
    const { token } = plane.user('admin');
    writeFileSync(
      command,
      `#!/bin/sh
[ -e ${folder}/asked ] && t=${token} || t=expired
touch ${folder}/asked
echo "{\\"apiVersion\\":\\"${V1}\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$t\\"}}"
`,
    );
    chmodSync(command, 0o755);
    const env = { ...process.env, KUBECONFIG: write('i', { exec: { ...exec, command } }) };
    expect(await ours(env)).to.have.property('username', 'admin');
  });
});
