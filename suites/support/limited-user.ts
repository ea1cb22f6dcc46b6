import { randomBytes } from 'node:crypto';
import type { Connection } from '../../operator/api/connection.ts';
import { BackendAi } from './backend-ai.ts';
import type { Ledger } from './ledger.ts';
import { recorder } from './record.ts';
import type { World } from './world.ts';

/** What a user may do at once. slots: for example {cpu: 1, mem: "1g"}; what is not named is without limit. */
export interface Limits {
  concurrentSessions: number;
  slots?: Record<string, string | number>;
}

interface Outcome {
  ok: boolean;
  msg: string;
}

/**
 * Makes a user in the project of the connection, with a policy of its own for its key pair: limits of a user are those
 * of its main key pair. User, key pair and policy are gone when the ledger is settled.
 */
export async function limitedUser(world: World, limits: Limits, ledger: Ledger): Promise<BackendAi> {
  const { admin, connection, database } = world;
  const name = `e2e-limited-${randomBytes(4).toString('hex')}`;
  const email = `${name}@backend-ai.test`;
  ledger.add(`policy ${name}`, () =>
    mutate(admin, 'delete_keypair_resource_policy', '($name: String!)', '(name: $name)', { name }),
  );
  await mutate(
    admin,
    'create_keypair_resource_policy',
    '($name: String!, $props: CreateKeyPairResourcePolicyInput!)',
    '(name: $name, props: $props)',
    { name, props: policy(limits) },
  );
  ledger.add(`user ${email}`, () =>
    mutate(
      admin,
      'purge_user',
      '($email: String!, $props: PurgeUserInput!)',
      '(email: $email, props: $props)',
      { email, props: { purge_shared_vfolders: true } },
    ),
  );
  const [project] = await database.rows<{ id: string }>('SELECT id FROM groups WHERE name = $1', [
    connection.project,
  ]);
  const made = await admin.graphql<{
    create_user: Outcome & { keypair: { access_key: string; secret_key: string } | null };
  }>(
    `mutation ($email: String!, $props: UserInput!) {
       create_user(email: $email, props: $props) { ok msg keypair { access_key secret_key } } }`,
    { email, props: newUser(name, connection, project?.id ?? 'no project') },
  );
  const pair = made.create_user.keypair;
  if (!pair) throw new Error(`no user was made: ${made.create_user.msg}`);
  recorder.secrets.add([pair.access_key, pair.secret_key]);
  await mutate(
    admin,
    'modify_keypair',
    '($key: String!, $props: ModifyKeyPairInput!)',
    '(access_key: $key, props: $props)',
    { key: pair.access_key, props: { resource_policy: name } },
  );
  return new BackendAi(connection.manager.url, { accessKey: pair.access_key, secretKey: pair.secret_key });
}

function policy(limits: Limits): Record<string, unknown> {
  return {
    default_for_unspecified: 'UNLIMITED',
    total_resource_slots: JSON.stringify(limits.slots ?? {}),
    max_concurrent_sessions: limits.concurrentSessions,
    max_containers_per_session: 1,
    idle_timeout: 3600,
    allowed_vfolder_hosts: '{}',
  };
}

function newUser(name: string, connection: Connection, project: string): Record<string, unknown> {
  return {
    username: name,
    password: `${randomBytes(12).toString('base64url')}aA1!`,
    need_password_change: false,
    domain_name: connection.domain,
    role: 'user',
    is_active: true,
    resource_policy: 'default',
    group_ids: [project],
  };
}

async function mutate(
  admin: BackendAi,
  mutation: string,
  declared: string,
  passed: string,
  variables: Record<string, unknown>,
): Promise<void> {
  const answer = await admin.graphql<Record<string, Outcome>>(
    `mutation ${declared} { ${mutation}${passed} { ok msg } }`,
    variables,
  );
  const outcome = answer[mutation];
  if (!outcome?.ok) throw new Error(`${mutation} failed: ${outcome?.msg ?? 'no answer'}`);
}
