import { readFileSync } from 'node:fs';
import type { Credentials, Tls } from '../access/cluster-access.ts';
import { ConfigError } from '../access/config-error.ts';
import { type ExecCredential, runExecPlugin } from './exec-plugin.ts';
import type { KubeconfigCluster, KubeconfigUser } from './file.ts';
import { impersonationHeaders } from './impersonation.ts';
import { OidcToken } from './oidc.ts';

/** What logging in depends on besides the kubeconfig; tests replace it. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  terminal: boolean;
  /** Shows the error output of a plugin. */
  showError: (text: string) => void;
  now: () => Date;
}

/**
 * The credentials of one user of a kubeconfig, in kubectl's order: token file, token, basic authentication. A plugin's token
 * counts only without those. Files are read again each time. A plugin is asked again when its credentials have expired or were
 * refused.
 */
export class UserCredentials {
  readonly #cluster: KubeconfigCluster;
  readonly #user: KubeconfigUser;
  readonly #around: Surroundings;
  readonly #oidc: OidcToken | undefined;
  #plugin: ExecCredential | undefined;

  /** Throws ConfigError for a user that kubectl refuses. */
  constructor(cluster: KubeconfigCluster, user: KubeconfigUser, around: Surroundings) {
    this.#cluster = cluster;
    this.#user = user;
    this.#around = around;
    const provider = user['auth-provider'];
    if (provider && user.exec) {
      throw new ConfigError('The user has both an auth-provider and an exec plugin: remove one.');
    }
    if (provider && provider.name !== 'oidc') {
      throw new ConfigError(
        `The auth-provider "${provider.name}" is not supported; kubectl removed it too. Use an exec plugin.`,
      );
    }
    if (user.username && (user.token || user.tokenFile)) {
      throw new ConfigError('The user has both a user name and a token: remove one.');
    }
    this.#oidc = provider ? new OidcToken(provider.config ?? {}) : undefined;
    impersonationHeaders(user);
  }

  /**
   * Reads what is to be sent now. Throws ConfigError.
   * @param refused the API server answered 401 to the credentials that were read last
   */
  async read(refused: boolean): Promise<Credentials> {
    const user = this.#user;
    const plugin = user.exec ? await this.#askPlugin(refused) : undefined;
    const authorization =
      bearer(tokenOf(user)) ?? basic(user) ?? bearer(await this.#otherToken(plugin, refused));
    return {
      headers: { ...impersonationHeaders(user), ...(authorization ? { authorization } : {}) },
      tls: this.#tls(plugin),
      expiresAt: plugin?.expiresAt,
    };
  }

  async #otherToken(plugin: ExecCredential | undefined, refused: boolean): Promise<string | undefined> {
    return this.#oidc ? this.#oidc.token(this.#around.now(), refused) : plugin?.token;
  }

  async #askPlugin(refused: boolean): Promise<ExecCredential | undefined> {
    const { exec } = this.#user;
    if (!exec) return undefined;
    const { now, env, terminal, showError } = this.#around;
    const held = this.#plugin;
    const expired = held?.expiresAt !== undefined && held.expiresAt.getTime() <= now().getTime();
    if (held && !expired && !refused) return held;
    const authority = material(this.#cluster, 'certificate-authority')?.toString('base64');
    this.#plugin = await runExecPlugin(exec, { env, terminal, showError, cluster: this.#cluster, authority });
    return this.#plugin;
  }

  #tls(plugin: ExecCredential | undefined): Tls {
    const [cluster, user] = [this.#cluster, this.#user];
    const ca = material(cluster, 'certificate-authority');
    const cert = material(user, 'client-certificate') ?? plugin?.certificate;
    const key = material(user, 'client-key') ?? plugin?.key;
    return {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(cluster['tls-server-name'] ? { servername: cluster['tls-server-name'] } : {}),
      ...(cluster['insecure-skip-tls-verify'] ? { rejectUnauthorized: false } : {}),
    };
  }
}

type Material = 'certificate-authority' | 'client-certificate' | 'client-key';

/** The bytes of a certificate or key: embedded data wins over a file, as in kubectl. */
function material<Name extends Material>(
  from: { [Key in Name | `${Name}-data`]?: string },
  name: Name,
): Buffer | undefined {
  const fields: { [key: string]: string | undefined } = from;
  const data = fields[`${name}-data`];
  if (data) return Buffer.from(data, 'base64');
  const file = fields[name];
  return file ? read(file, name) : undefined;
}

function tokenOf(user: KubeconfigUser): string | undefined {
  if (!user.tokenFile) return user.token || undefined;
  const token = read(user.tokenFile, 'tokenFile').toString().trim();
  if (token === '') throw new ConfigError(`The tokenFile ${user.tokenFile} is empty.`);
  return token;
}

function bearer(token: string | undefined): string | undefined {
  return token ? `Bearer ${token}` : undefined;
}

function basic({ username, password = '' }: KubeconfigUser): string | undefined {
  return username ? `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` : undefined;
}

function read(file: string, field: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot read the ${field} of the kubeconfig: ${why}.`, { cause });
  }
}
