import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { KubeClient } from '../client.ts';
import { CONFIG_MAPS } from '../objects/builtin-resources.ts';
import { kubeconfigFiles, loadKubeconfig } from './load.ts';

const V1 = 'client.authentication.k8s.io/v1';

describe('a kubeconfig, read as kubectl reads it', () => {
  let folder: string;
  let server: http.Server;
  let url: string;
  let seen: http.IncomingHttpHeaders[];
  /** Whether the server takes the credentials of a request. */
  let accepts: (headers: http.IncomingHttpHeaders) => boolean;
  const clients: KubeClient[] = [];
  let shown: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    seen = [];
    shown = [];
    accepts = () => true;
    server = http.createServer((request, response) => {
      seen.push(request.headers);
      response.statusCode = accepts(request.headers) ? 200 : 401;
      response.end(
        response.statusCode === 200 ? '{"metadata":{"name":"a"}}' : '{"kind":"Status","code":401}',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  function write(name: string, content: object): string {
    const file = join(folder, name);
    writeFileSync(file, stringify({ apiVersion: 'v1', kind: 'Config', ...content }));
    return file;
  }
  const config = (user: object | undefined, cluster: object = {}, name = 'config') =>
    write(name, {
      'current-context': 'c',
      clusters: [{ name: 'k', cluster: { server: url, ...cluster } }],
      contexts: [{ name: 'c', context: { cluster: 'k', ...(user ? { user: 'u' } : {}), namespace: 'ns' } }],
      users: user ? [{ name: 'u', user }] : [],
    });
  const connect = (file: string, env: NodeJS.ProcessEnv = {}) => {
    const client = new KubeClient(
      loadKubeconfig({ kubeconfig: file }, { env, terminal: false, showError: (text) => shown.push(text) }),
    );
    clients.push(client);
    return client;
  };
  const ask = (client: KubeClient) => client.get(CONFIG_MAPS, { namespace: 'ns', name: 'a' });
  const authorizations = () => seen.map(({ authorization }) => authorization);
  /** A plugin that prints token-1, token-2 and so on, and logs its input. */
  function plugin(status = '') {
    const script = join(folder, 'login.sh');
    writeFileSync(
      script,
      `#!/bin/sh
echo "$KUBERNETES_EXEC_INFO" >> ${folder}/login.log
n=$(wc -l < ${folder}/login.log)
echo "{\\"apiVersion\\":\\"${V1}\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$PREFIX-$((n + 0))\\"${status}}}"
`,
    );
    chmodSync(script, 0o755);
    return {
      apiVersion: V1,
      command: script,
      interactiveMode: 'Never',
      env: [{ name: 'PREFIX', value: 'token' }],
    };
  }
  const told = () => readFileSync(join(folder, 'login.log'), 'utf8').trim().split('\n');

  it('speaks plain HTTP with the server that kubectl proxy starts, also without a user', async () => {
    await ask(connect(config(undefined)));
    expect(authorizations()).to.deep.equal([undefined]);
  });

  it('sends the token of a tokenFile that lies beside the kubeconfig, and reads it again after a 401', async () => {
    writeFileSync(join(folder, 'token'), 'first\n');
    const client = connect(config({ tokenFile: 'token', token: 'not this one' }));
    await ask(client);
    writeFileSync(join(folder, 'token'), 'second');
    accepts = ({ authorization }) => authorization === 'Bearer second';
    await ask(client);
    expect(authorizations()).to.deep.equal(['Bearer first', 'Bearer first', 'Bearer second']);
  });

  it('sends basic authentication, and refuses it beside a token', async () => {
    await ask(connect(config({ username: 'ann', password: 'pass:word' })));
    expect(authorizations()).to.deep.equal([`Basic ${btoa('ann:pass:word')}`]);
    expect(() => connect(config({ username: 'ann', token: 't' }))).to.throw(/both a user name and a token/);
  });

  it('sends every header of an impersonation', async () => {
    await ask(connect(config({ token: 't', as: 'bob', 'as-groups': ['testers', 'devs'], 'as-uid': '7' })));
    expect(seen[0]).to.include({
      authorization: 'Bearer t',
      'impersonate-user': 'bob',
      'impersonate-group': 'testers, devs',
      'impersonate-uid': '7',
    });
  });

  it('asks an exec plugin again when the server refuses its token, once for many requests', async () => {
    accepts = ({ authorization }) => authorization === 'Bearer token-2';
    const client = connect(config({ exec: plugin() }));
    await Promise.all([ask(client), ask(client), ask(client)]);
    await ask(client);
    expect(authorizations().at(-1)).to.equal('Bearer token-2');
    expect(told()).to.have.length(2);
  });

  it('gives up after one new token, with what the server said', async () => {
    accepts = () => false;
    const error = await ask(connect(config({ exec: plugin() }))).catch((caught: Error) => caught);
    expect(String(error)).to.match(/get configmaps ns\/a: Unauthorized \(HTTP 401\)/);
    expect(told()).to.have.length(2);
  });

  it('asks an exec plugin again when its token has expired, not before', async () => {
    const soon = connect(config({ exec: plugin(',\\"expirationTimestamp\\":\\"2001-01-01T00:00:00Z\\"') }));
    await ask(soon);
    await ask(soon);
    expect(authorizations()).to.deep.equal(['Bearer token-1', 'Bearer token-2']);
    const later = connect(config({ exec: plugin(',\\"expirationTimestamp\\":\\"2100-01-01T00:00:00Z\\"') }));
    await ask(later);
    await ask(later);
    expect(authorizations().slice(2)).to.deep.equal(['Bearer token-3', 'Bearer token-3']);
  });

  it('describes the cluster to a plugin that asks for it', async () => {
    writeFileSync(join(folder, 'ca.crt'), 'CA');
    const exec = { ...plugin(), provideClusterInfo: true };
    await ask(connect(config({ exec }, { 'certificate-authority': 'ca.crt' })));
    expect(JSON.parse(told()[0] ?? '').spec).to.deep.equal({
      interactive: false,
      cluster: { server: url, 'certificate-authority-data': btoa('CA') },
    });
  });

  it('finds a relative command beside the kubeconfig, and a plain one in $PATH', async () => {
    await ask(connect(config({ exec: { ...plugin(), command: './login.sh' } })));
    const env = { PATH: `${folder}:${process.env.PATH}` };
    await ask(connect(config({ exec: { ...plugin(), command: 'login.sh' } }), env));
    expect(authorizations()).to.deep.equal(['Bearer token-1', 'Bearer token-2']);
  });

  it('says why a plugin gave nothing', async () => {
    const failing = (exec: object) =>
      ask(connect(config({ exec: { ...plugin(), ...exec } }))).catch((caught: Error) => caught);
    const script = join(folder, 'fails.sh');
    writeFileSync(script, '#!/bin/sh\necho "log in first" >&2\nexit 3\n');
    chmodSync(script, 0o755);
    expect(String(await failing({ command: script }))).to.match(
      /ConfigError: .*fails.sh ended with exit code 3: log in first/,
    );
    expect(shown.join('')).to.equal('log in first\n');
    const missing = await failing({ command: './missing', installHint: 'Install it with brew.' });
    expect(String(missing)).to.match(/missing cannot be started.*ENOENT.*Install it with brew/);
    expect(seen).to.deep.equal([]);
  });

  it('goes through the proxy of the environment, which sees CONNECT', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = http.createServer().on('connect', (request, socket) => {
      asked.push(request.url);
      socket.end('HTTP/1.1 502 no\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const env = { HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const far = config({ token: 't' }, { server: 'https://api.staging.invalid:6443' });
    const at = { namespace: 'ns', name: 'a' };
    const error = await connect(far, env)
      .get(CONFIG_MAPS, at, { deadlineMs: 300 })
      .catch((caught: Error) => caught);
    await new Promise((resolve) => proxy.close(resolve));
    expect(asked[0]).to.equal('api.staging.invalid:6443');
    expect(String(error)).to.match(/get configmaps ns\/a: /);
  });

  it('merges the files of $KUBECONFIG: the first to name a thing wins, whole', () => {
    const one = write('one', {
      'current-context': 'c',
      clusters: [{ name: 'k', cluster: { server: 'https://one:1' } }],
    });
    const two = config({ token: 't' }, { server: 'https://two:2', 'proxy-url': 'http://proxy:1' }, 'two');
    const env = { KUBECONFIG: `${one}:${join(folder, 'missing')}:${two}` };
    expect(loadKubeconfig({}, { env })).to.include({
      server: 'https://one:1',
      namespace: 'ns',
      proxy: undefined,
    });
    const reversed = loadKubeconfig({}, { env: { KUBECONFIG: `${two}:${one}` } });
    expect(reversed).to.include({ server: 'https://two:2', proxy: 'http://proxy:1' });
  });

  it('resolves paths against the file that holds them, after a merge too', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'token'), 'of the folder');
    const main = config(undefined, {}, 'main');
    const other = write('sub/other', {
      'current-context': 'd',
      contexts: [{ name: 'd', context: { cluster: 'k', user: 'v' } }],
      users: [{ name: 'v', user: { tokenFile: './token' } }],
    });
    const env = { KUBECONFIG: `${main}:${other}` };
    const client = new KubeClient(loadKubeconfig({ context: 'd' }, { env }));
    clients.push(client);
    await ask(client);
    expect(authorizations()).to.deep.equal(['Bearer of the folder']);
  });

  it('gives TLS what the cluster and the user say; embedded data wins over files', async () => {
    writeFileSync(join(folder, 'user.key'), 'KEY OF THE FILE');
    const file = config(
      { 'client-certificate-data': btoa('CERT'), 'client-key': 'user.key' },
      {
        'certificate-authority': '/does/not/exist',
        'certificate-authority-data': btoa('CA'),
        'tls-server-name': 'inner',
        'insecure-skip-tls-verify': true,
      },
    );
    const { tls } = await loadKubeconfig({ kubeconfig: file }, { env: {} }).credentials(false);
    expect({ ...tls, ca: String(tls.ca), cert: String(tls.cert), key: String(tls.key) }).to.deep.equal({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY OF THE FILE',
      servername: 'inner',
      rejectUnauthorized: false,
    });
  });

  it('says what is missing, with the file and the names that exist', () => {
    const load = (content: object, context?: string) => () =>
      loadKubeconfig({ kubeconfig: write('odd', content), context }, { env: {} });
    const contexts = [{ name: 'c', context: { cluster: 'k', user: 'u' } }];
    const clusters = [{ name: 'k', cluster: { server: 'https://k' } }];
    expect(load({})).to.throw(/odd has no current context\. Its contexts: none/);
    expect(load({ contexts }, 'd')).to.throw(/odd has no context "d"\. Its contexts: c/);
    expect(load({ contexts }, 'c')).to.throw(/odd has no cluster "k"/);
    expect(load({ contexts, clusters }, 'c')).to.throw(/odd has no user "u"/);
    const gcp = [{ name: 'u', user: { 'auth-provider': { name: 'gcp' } } }];
    expect(load({ contexts, clusters, users: gcp }, 'c')).to.throw(/"gcp" is not supported.*exec plugin/);
    expect(() => loadKubeconfig({ kubeconfig: join(folder, 'none') })).to.throw(/Cannot read .*none.*ENOENT/);
    writeFileSync(join(folder, 'broken'), 'a: [');
    expect(() => loadKubeconfig({ kubeconfig: join(folder, 'broken') })).to.throw(/Cannot parse .*broken/);
  });

  it('falls back to ~/.kube/config, and names what it looked for', () => {
    expect(() => kubeconfigFiles({ KUBECONFIG: '/none/a:/none/b' })).to.throw(/\/none\/a, \/none\/b/);
    expect(() => kubeconfigFiles({ HOME: folder })).to.throw(`${folder}/.kube/config does not exist`);
    mkdirSync(join(folder, '.kube'));
    writeFileSync(join(folder, '.kube', 'config'), '');
    expect(kubeconfigFiles({ HOME: folder })).to.deep.equal([join(folder, '.kube', 'config')]);
  });
});
