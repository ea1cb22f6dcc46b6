import path from 'node:path';
import { parse, stringify } from 'yaml';

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string } }[];
  clusters?: { name: string; cluster: { server: string; 'certificate-authority'?: string } }[];
}

/**
 * A kubeconfig for the cluster of another one's current context, with a token as the only login. Throws an Error that
 * names the file. Pure.
 * @param text content of `file`; relative paths in it start at its folder
 */
export function tokenKubeconfig(text: string, file: string, token: string, namespace: string): string {
  const config = (parse(text) ?? {}) as Kubeconfig;
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  if (!cluster) throw new Error(`${file} has no cluster for its current context`);
  const authority = cluster['certificate-authority'];
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'cluster',
        cluster: {
          ...cluster,
          ...(authority ? { 'certificate-authority': path.resolve(path.dirname(file), authority) } : {}),
        },
      },
    ],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'operator', context: { cluster: 'cluster', user: 'operator', namespace } }],
    'current-context': 'operator',
  });
}
