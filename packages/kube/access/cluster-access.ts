import type { ConnectionOptions } from 'node:tls';

/** What TLS needs to know; see node:tls. Left out: Node's defaults. */
export type Tls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** What is sent with each request, as it is now. */
export interface Credentials {
  /** Names in lower case. */
  headers: Record<string, string | string[]>;
  tls: Tls;
  /** When to read the credentials again at the latest; undefined when they do not say. */
  expiresAt?: Date | undefined;
}

/** The way to one API server. */
export interface ClusterAccess {
  /** URL of the API server without a slash at its end; it may have a path. */
  readonly server: string;
  /** URL of the proxy to go through: http, https or socks5. */
  readonly proxy?: string | undefined;
  /** Namespace to use where none is named: that of the kubeconfig's context. */
  readonly namespace?: string | undefined;
  /**
   * Reads the credentials. Throws ConfigError when they cannot be had.
   * @param refused the API server answered 401 to those that were read last
   */
  credentials(refused: boolean): Promise<Credentials>;
}
