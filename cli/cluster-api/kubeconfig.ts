import { parse } from 'yaml';

/** Where an API server listens and how to be believed there. Certificates and keys are PEM text. */
export interface Access {
  server: string;
  ca?: string;
  certificate?: string;
  key?: string;
  token?: string;
  /** Namespace of the context, where it names one. */
  namespace?: string;
  /** Name that the server's certificate must carry, where it is not that of its address. */
  servername?: string;
  /** The certificate is not checked. */
  insecure?: boolean;
  /** URL of an HTTP proxy in between. */
  proxy?: string;
  /** User to act as. */
  impersonate?: string;
  /** Fetches credentials anew: those of a plugin run out. */
  renew?: () => Promise<Access>;
}

interface KubeconfigFile {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  clusters?: { name: string; cluster: { server: string; 'certificate-authority-data'?: string } }[];
  users?: {
    name: string;
    user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string };
  }[];
}

/**
 * The access that the current context of a kubeconfig gives. Understands what kind writes: embedded certificates,
 * or a token. Throws an Error that names the file (`where`) and what is missing.
 */
export function readAccess(text: string, where: string): Access {
  const file = (parse(text) ?? {}) as KubeconfigFile;
  const context = file.contexts?.find((each) => each.name === file['current-context'])?.context;
  const cluster = file.clusters?.find((each) => each.name === context?.cluster)?.cluster;
  const user = file.users?.find((each) => each.name === context?.user)?.user;
  if (!cluster || !user) {
    throw new Error(
      `${where}: no current context with a cluster and a user; kind export kubeconfig makes one`,
    );
  }
  if (!user.token && !(user['client-certificate-data'] && user['client-key-data'])) {
    throw new Error(
      `${where}: neither an embedded client certificate nor a token; other logins are not supported`,
    );
  }
  return {
    server: cluster.server.replace(/\/$/, ''),
    ...decoded('ca', cluster['certificate-authority-data']),
    ...decoded('certificate', user['client-certificate-data']),
    ...decoded('key', user['client-key-data']),
    ...(user.token ? { token: user.token } : {}),
  };
}

function decoded<K extends string>(key: K, base64: string | undefined): { [P in K]?: string } {
  return base64 ? ({ [key]: Buffer.from(base64, 'base64').toString('utf8') } as { [P in K]?: string }) : {};
}
