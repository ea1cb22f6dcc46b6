import { until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { execInfo, isInteractive, readExecCredential, runExecPlugin } from './exec-plugin.ts';
import type { ExecConfig } from './file.ts';

const V1 = 'client.authentication.k8s.io/v1';
const exec: ExecConfig = { apiVersion: V1, command: 'login', interactiveMode: 'Never' };
const cluster = { server: 'https://api:6443' };

describe('an exec plugin', () => {
  it('gets the terminal as its interactiveMode says', () => {
    const modes = ['Never', 'IfAvailable'] as const;
    const given = modes.map((interactiveMode) => isInteractive({ ...exec, interactiveMode }, true));
    expect(given).to.deep.equal([false, true]);
    expect(isInteractive({ ...exec, interactiveMode: 'IfAvailable' }, false)).to.equal(false);
    expect(isInteractive({ ...exec, interactiveMode: 'Always' }, true)).to.equal(true);
    expect(() => isInteractive({ ...exec, interactiveMode: 'Always' }, false)).to.throw(/needs a terminal/);
  });

  it('needs an interactiveMode in version v1, not in v1beta1', () => {
    expect(() => isInteractive({ apiVersion: V1, command: 'login' }, true)).to.throw(/needs interactiveMode/);
    expect(isInteractive({ apiVersion: `${V1}beta1`, command: 'login' }, true)).to.equal(true);
  });

  it('is refused without a command, and in a version that kubectl dropped', () => {
    expect(() => isInteractive({ apiVersion: V1 }, true)).to.throw(/no command/);
    expect(() => isInteractive({ ...exec, apiVersion: `${V1}alpha1` }, true)).to.throw(/v1alpha1.*Supported/);
  });

  it('learns about the cluster only when it asks', () => {
    const around = {
      env: {},
      terminal: false,
      showError: () => {},
      authority: 'Q0E=',
      cluster: {
        ...cluster,
        'tls-server-name': 'inner',
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
      },
    };
    expect(JSON.parse(execInfo(exec, false, around))).to.deep.equal({
      apiVersion: V1,
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
    expect(JSON.parse(execInfo({ ...exec, provideClusterInfo: true }, true, around)).spec).to.deep.equal({
      interactive: true,
      cluster: {
        server: 'https://api:6443',
        'tls-server-name': 'inner',
        'certificate-authority-data': 'Q0E=',
        config: { audience: 'x' },
      },
    });
  });

  const printed = (status: object, changes: object = {}) =>
    JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status, ...changes });

  it('gives a token or a certificate with its key, and when they expire', () => {
    const expirationTimestamp = '2030-01-01T00:00:00Z';
    expect(readExecCredential(exec, printed({ token: 't', expirationTimestamp }))).to.deep.equal({
      token: 't',
      expiresAt: new Date(expirationTimestamp),
    });
    const pair = { clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    expect(readExecCredential(exec, printed(pair))).to.deep.equal({ certificate: 'CERT', key: 'KEY' });
  });

  const wrong: [string, string, RegExp][] = [
    ['no JSON', 'please log in', /printed no JSON/],
    ['another kind', printed({ token: 't' }, { kind: 'Pod' }), /printed kind "Pod"/],
    ['another version', printed({ token: 't' }, { apiVersion: `${V1}beta1` }), /v1beta1.*asks for/],
    ['no credentials', printed({}), /neither a token nor a certificate/],
    ['no status', printed({ token: 't' }, { status: undefined }), /neither a token nor a certificate/],
    ['half a pair', printed({ clientKeyData: 'KEY' }), /without the other/],
    ['an unreadable expiry', printed({ token: 't', expirationTimestamp: 'soon' }), /"soon"/],
  ];
  for (const [title, output, reason] of wrong) {
    it(`is refused when it prints ${title}`, () => {
      expect(() => readExecCredential(exec, output)).to.throw(reason);
    });
  }

  const alone = { env: process.env, terminal: false, showError: () => undefined, cluster };
  const refusal = (command: string, args: string[], limitMs?: number) =>
    runExecPlugin({ ...exec, command, args }, { ...alone, ...(limitMs ? { limitMs } : {}) }).then(
      () => 'credentials',
      String,
    );
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

  it('that does not exist lets the program end at once', async () => {
    // Mocha starts the timer of an asynchronous test after its first part.
    await new Promise(setImmediate);
    const before = timers();
    expect(await refusal('/nowhere/login', [])).to.match(/cannot be started.*ENOENT/);
    expect(timers()).to.equal(before);
  });

  for (const [title, script] of [
    ['ignores SIGTERM', 'trap "" TERM; while :; do sleep 1; done'],
    ['leaves a process with its output', 'sleep 30 & wait'],
  ] as const) {
    it(`that ${title} is refused at its limit`, async () => {
      expect(await refusal('/bin/sh', ['-c', script], 500)).to.match(/\/bin\/sh did not end within 0.5 s/);
      const running = () => process.getActiveResourcesInfo().includes('ProcessWrap');
      await until('the plugin is gone', () => !running(), { withinMs: 20_000 });
    });
  }
});
