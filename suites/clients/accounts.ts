import { randomBytes } from 'node:crypto';
import type { Account } from '@backendai-e2e/api/connection';
import { recorder } from '../evidence/record.ts';
import type { Ledger } from '../fixtures/cleanup-stack.ts';
import type { World } from '../fixtures/world.ts';
import { Api } from './api.ts';
import { BackendAi } from './backend-ai.ts';
import { API_VERSION } from './signing.ts';

/** Everything that a user may do with a volume (ai.backend.common.types.VFolderHostPermission). */
export const HOST_PERMISSIONS = [
  'create-vfolder',
  'modify-vfolder',
  'delete-vfolder',
  'mount-in-session',
  'upload-file',
  'download-file',
  'invite-others',
  'set-user-specific-permission',
] as const;
export type HostPermission = (typeof HOST_PERMISSIONS)[number];

/** What a key pair may do. Limits of a user are those of the main key pair. */
export interface KeyPairLimits {
  concurrentSessions: number;
  /** For example {cpu: "2", mem: "1073741824"}, memory in bytes; what is not named is without limit. */
  slots: Record<string, string>;
  /** What is allowed on the deployment's volume. */
  volume: readonly HostPermission[];
}

/** A user made for a suite, who can sign in. */
export interface NewUser {
  id: string;
  account: Account;
  api: BackendAi;
}

/** What an administrator does with users, key pairs and policies: REST API v2. Everything made is noted in a ledger. */
export class AccountAdministration {
  readonly #world: World;
  readonly #api: Api;

  constructor(world: World) {
    this.#world = world;
    this.#api = world.admin.api;
  }

  async keyPairPolicy(name: string, limits: KeyPairLimits, ledger: Ledger): Promise<void> {
    const path = '/v2/resource-policies/keypair';
    ledger.add(`policy ${name} of key pairs`, () => this.#send('DELETE', `${path}/${name}`));
    await this.#send('POST', path, {
      name,
      default_for_unspecified: 'UNLIMITED',
      max_session_lifetime: 0,
      max_concurrent_sftp_sessions: 1,
      max_containers_per_session: 1,
      idle_timeout: 0,
      ...this.#keyPairLimits(limits),
    });
  }

  /** Changes some of the limits of a policy. */
  async changeKeyPairPolicy(name: string, limits: Partial<KeyPairLimits>): Promise<void> {
    await this.#send('PATCH', `/v2/resource-policies/keypair/${name}`, this.#keyPairLimits(limits));
  }

  /** @param vfolders how many a user may have; 0: any number */
  async userPolicy(name: string, vfolders: number, ledger: Ledger): Promise<void> {
    const path = '/v2/resource-policies/user';
    ledger.add(`policy ${name} of users`, () => this.#send('DELETE', `${path}/${name}`));
    await this.#send('POST', path, {
      name,
      max_vfolder_count: vfolders,
      max_quota_scope_size: { expr: '1g' },
      max_session_count_per_model_session: 1,
      max_customized_image_count: 1,
    });
  }

  async changeUserPolicy(name: string, vfolders: number): Promise<void> {
    await this.#send('PATCH', `/v2/resource-policies/user/${name}`, { max_vfolder_count: vfolders });
  }

  /** Makes a user with a main key pair under the policies, and signs in for its secret. */
  async user(
    name: string,
    options: { domain?: string; projects?: readonly string[]; userPolicy?: string; keyPairPolicy: string },
    ledger: Ledger,
  ): Promise<NewUser> {
    const domain = options.domain ?? this.#world.connection.domain;
    const email = `${name}@backend-ai.test`;
    const password = `${randomBytes(12).toString('base64url')}aA1!`;
    recorder.secrets.add([password]);
    ledger.add(`user ${email}`, () => this.purge(email));
    const made = await this.#api.json<{ user: { id: string; organization: { main_access_key: string } } }>({
      method: 'POST',
      path: '/v2/users',
      json: {
        email,
        username: name,
        password,
        domain_name: domain,
        status: 'active',
        role: 'user',
        group_ids: options.projects ?? [],
        resource_policy: options.userPolicy ?? 'default',
      },
    });
    await this.assignPolicy(made.user.organization.main_access_key, options.keyPairPolicy);
    const keys = await this.signIn(email, password, domain);
    const account = { email, password, ...keys };
    return {
      id: made.user.id,
      account,
      api: new BackendAi(this.#world.connection.manager.url, account),
    };
  }

  async assignPolicy(accessKey: string, policy: string): Promise<void> {
    await this.#send('PATCH', '/v2/keypairs', { access_key: accessKey, resource_policy: policy });
  }

  /** A further key pair of a user. */
  async keyPair(userId: string, policy: string): Promise<{ accessKey: string; secretKey: string }> {
    const made = await this.#api.json<{ keypair: { access_key: string }; secret_key: string }>({
      method: 'POST',
      path: '/v2/keypairs',
      json: { user_id: userId, resource_policy: policy },
    });
    const keys = { accessKey: made.keypair.access_key, secretKey: made.secret_key };
    recorder.secrets.add(Object.values(keys));
    return keys;
  }

  async setKeyPairActive(accessKey: string, active: boolean): Promise<void> {
    await this.#send('PATCH', '/v2/keypairs', { access_key: accessKey, is_active: active });
  }

  async setStatus(userId: string, status: 'active' | 'inactive'): Promise<void> {
    await this.#send('PATCH', `/v2/users/${userId}`, { status });
  }

  /** The user's own sign-in by password: gives the main key pair. */
  async signIn(
    username: string,
    password: string,
    domain: string = this.#world.connection.domain,
  ): Promise<{ accessKey: string; secretKey: string }> {
    const api = new Api(this.#world.connection.manager.url, () => ({ 'x-backendai-version': API_VERSION }));
    const { data } = await api.json<{ data: { access_key: string; secret_key: string } }>({
      method: 'POST',
      path: '/auth/authorize',
      json: { type: 'keypair', domain, username, password },
    });
    const keys = { accessKey: data.access_key, secretKey: data.secret_key };
    recorder.secrets.add(Object.values(keys));
    return keys;
  }

  /**
   * Deletes a user with key pairs and vfolders. The personal project stays as a row without an owner: Backend.AI leaves
   * it to its own sweep (UserDBSource.purge_user_by_uuid) and refuses to have it purged.
   */
  async purge(email: string): Promise<void> {
    const { admin, database } = this.#world;
    const [known] = await database.rows('SELECT 1 FROM users WHERE email = $1', [email]);
    if (!known) return;
    const query =
      'mutation($email: String!, $props: PurgeUserInput!) { purge_user(email: $email, props: $props) { ok msg } }';
    const variables = { email, props: { purge_shared_vfolders: true } };
    const answer = await admin.graphql<{ purge_user: { ok: boolean; msg: string } }>(query, variables);
    if (!answer.purge_user.ok) throw new Error(`purge_user: ${answer.purge_user.msg}`);
  }

  #keyPairLimits(limits: Partial<KeyPairLimits>): Record<string, unknown> {
    const { concurrentSessions, slots, volume } = limits;
    const host = this.#world.connection.storageProxy.volume;
    return {
      ...(concurrentSessions === undefined ? {} : { max_concurrent_sessions: concurrentSessions }),
      ...(slots && {
        total_resource_slots: Object.entries(slots).map(([resource_type, quantity]) => ({
          resource_type,
          quantity,
        })),
      }),
      ...(volume && {
        allowed_vfolder_hosts: volume.length > 0 ? [{ host, permissions: volume }] : [],
      }),
    };
  }

  async #send(method: 'POST' | 'PATCH' | 'DELETE', path: string, json?: unknown): Promise<void> {
    await this.#api.request({ method, path, ...(json === undefined ? {} : { json }) });
  }
}
