import { notYet, type WaitOptions, waitUntil } from '../../evidence/waiting.ts';
import type { BackendAi } from './backend-ai.ts';
import type { OneManager } from './discovery.ts';

/** A key that running managers reload: whether GraphQL introspection is allowed (ai.backend.manager.config.unified). */
export const INTROSPECTION = 'ai/backend/config/manager/api/allow-graphql-schema-introspection';

/** etcd's lock around {@link allowIntrospection} (ai.backend.manager.api.gql_legacy.service_config). */
export const CONFIG_LOCK = 'ai/backend/config/lock/modify_service_config';

/** Writes {@link INTROSPECTION} as "yes", by the mutation that takes {@link CONFIG_LOCK}. Its manager waits 20 s for the lock. */
export async function allowIntrospection(account: BackendAi): Promise<void> {
  const query =
    'mutation($input: ModifyServiceConfigNodeInput!) { modify_service_config(input: $input) { service_config { service } } }';
  const configuration = JSON.stringify({ api: { 'allow-graphql-schema-introspection': 'yes' } });
  await account.graphql(query, { input: { service: 'manager', configuration } });
}

/** The API of etcd's keys: POST /config/get, set and delete, for administrators. */
export function config(
  action: 'get' | 'set' | 'delete',
  json: Record<string, unknown>,
  account: BackendAi,
): Promise<{ result: unknown }> {
  return account.api.json({ method: 'POST', path: `/config/${action}`, json, timeoutMs: 10_000 });
}

/** Whether a manager answers introspection, which {@link INTROSPECTION} allows or forbids. */
export function answersIntrospection(manager: Pick<OneManager, 'asAdmin'>): Promise<boolean> {
  return manager.asAdmin.graphql('query { __schema { queryType { name } } }').then(
    () => true,
    (error: Error) => {
      if (/introspection is disabled/.test(error.message)) return false;
      throw error;
    },
  );
}

/** Waits until every manager answers introspection, or until none does. */
export async function untilIntrospection(
  wanted: boolean,
  managers: readonly OneManager[],
  patience: WaitOptions,
): Promise<void> {
  await waitUntil(
    `both managers to ${wanted ? 'answer' : 'refuse'} introspection`,
    async () => {
      const now = await Promise.all(managers.map(answersIntrospection));
      return now.every((one) => one === wanted) ? undefined : notYet(now);
    },
    patience,
  );
}
