import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findCluster } from '../find-cluster.ts';
import { inPod, serviceAccountAccess } from './service-account.ts';

describe('the service account of a pod', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'account-'));
    writeFileSync(join(folder, 'token'), 'first\n');
    writeFileSync(join(folder, 'ca.crt'), 'authority');
    env = {
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      E2E_SERVICE_ACCOUNT_DIR: folder,
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const credentials = () => serviceAccountAccess(env).credentials(false);

  it('gives the URL of the API server, also for an IPv6 address', () => {
    expect(serviceAccountAccess(env).server).to.equal('https://10.96.0.1:443');
    env.KUBERNETES_SERVICE_HOST = 'fd00::1';
    expect(serviceAccountAccess(env).server).to.equal('https://[fd00::1]:443');
  });

  it('reads the token from its file each time', async () => {
    expect(await credentials()).to.deep.equal({
      headers: { authorization: 'Bearer first' },
      tls: { ca: 'authority' },
    });
    writeFileSync(join(folder, 'token'), 'renewed');
    expect((await credentials()).headers).to.deep.equal({ authorization: 'Bearer renewed' });
  });

  it('is used without a kubeconfig, and only in a pod', async () => {
    expect((await findCluster(undefined, env)).server).to.equal('https://10.96.0.1:443');
    rmSync(join(folder, 'token'));
    expect(inPod(env)).to.equal(false);
    expect(inPod({ E2E_SERVICE_ACCOUNT_DIR: folder })).to.equal(false);
  });

  it('names the file that cannot be read', async () => {
    rmSync(join(folder, 'ca.crt'));
    const error = await credentials().catch((caught: Error) => caught);
    expect(String(error)).to.include('ConfigError').and.include(join(folder, 'ca.crt'));
  });
});
