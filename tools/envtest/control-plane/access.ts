import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';

/** A kubeconfig, as a file and as it was read. */
export interface Access {
  kubeConfig: ClusterAccess;
  kubeconfigPath: string;
  /** The bearer token. */
  token: string;
  /** The certificate of the API server (PEM). */
  authority: string;
}

/** Writes the token file of an API server, and the key for the tokens of its service accounts. */
export function writeIdentities(
  folder: string,
  tokens: ReadonlyMap<string, { token: string; groups: readonly string[] }>,
): void {
  const lines = [...tokens].map(([name, { token, groups }]) => {
    return `${token},${name},${name},"${groups.join(',')}"`;
  });
  writeFileSync(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  writeFileSync(join(folder, 'service-accounts.pem'), keys.privateKey, { mode: 0o600 });
  mkdirSync(join(folder, 'certificates'));
}

/**
 * Writes a kubeconfig with this token into the folder of an API server, and reads it.
 * @param server its URL
 * Throws while the API server has not finished its certificate.
 */
export function writeAccess(folder: string, server: string, name: string, token: string): Access {
  const kubeconfigPath = join(folder, `${name}.kubeconfig`);
  const certificates = join(folder, 'certificates');
  // kube-apiserver writes the key last. Without it, the certificate may be empty or cut off.
  if (!existsSync(join(certificates, 'apiserver.key'))) {
    throw new Error('the API server has not written its certificate yet');
  }
  const authority = readFileSync(join(certificates, 'apiserver.crt'));
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server, 'certificate-authority-data': authority.toString('base64') },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  };
  writeFileSync(kubeconfigPath, JSON.stringify(text), { mode: 0o600 });
  const kubeConfig = loadKubeconfig({ kubeconfig: kubeconfigPath });
  return { kubeConfig, kubeconfigPath, token, authority: authority.toString() };
}
