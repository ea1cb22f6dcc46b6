import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { Inconclusive } from '../../evidence/record.ts';
import { VALKEY_DB, type Valkey } from '../data-stores/valkey.ts';
import { Api, NoAnswer } from '../http/api.ts';
import { BackendAi } from './backend-ai.ts';
import type { Deployment } from './deployment.ts';

/** A component that registers itself: each but the webserver (ai.backend.common.types.ServiceDiscovery). */
export type Group = Exclude<Component, 'webserver'>;
export const GROUPS = COMPONENTS.filter((component): component is Group => component !== 'webserver');

/** Lifetime of a record that is not renewed, and how often it is renewed, seconds (ai.backend.common.service_discovery). */
export const RECORD_TTL_SECONDS = 180;
export const RENEWAL_SECONDS = 60;

/** The record of one process in Valkey. Times are seconds since 1970, addresses host:port. */
export interface Registration {
  key: string;
  id: string;
  group: Group;
  name: string;
  version: string;
  protocol: string;
  /** Address of its service. */
  address: string;
  /** Address of its metrics and health. */
  metricsAddress: string;
  registeredAt: number;
  lastHeartbeat: number;
  ttlSeconds: number;
}

/**
 * Replicas of model services are registered beside the components, and for minutes after their end
 * (MODEL_SERVICE_GROUP in ai.backend.common.service_discovery).
 */
const SERVED_MODELS = 'service_discovery.model-services.';

/** Every record of a component in service discovery: hashes service_discovery.<group>.<id>, values in JSON. */
export async function registrations(valkey: Valkey): Promise<Registration[]> {
  const db = valkey.db(VALKEY_DB.statistics);
  const keys = (await db.keys('service_discovery.*')).filter((key) => !key.startsWith(SERVED_MODELS));
  const read = await Promise.all(
    keys.map(async (key) => {
      const [fields, ttlSeconds] = await Promise.all([db.hgetall(key), db.ttl(key)]);
      return fields.id ? [registration(key, fields, ttlSeconds)] : [];
    }),
  );
  return read.flat().sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The records of processes that are there. A deleted pod stays registered until its record expires, and may have renewed it just
 * before its end. A process that is too slow to answer is there.
 * @param answerMs milliseconds for an answer of each
 */
export async function livingProcesses(valkey: Valkey, answerMs = 5_000): Promise<Registration[]> {
  const renewed = (await registrations(valkey)).filter(
    ({ lastHeartbeat }) => Date.now() / 1000 - lastHeartbeat < RENEWAL_SECONDS + 15,
  );
  const there = await Promise.all(
    renewed.map(({ metricsAddress }) =>
      new Api(`http://${metricsAddress}`)
        .request({ method: 'GET', path: '/health', timeoutMs: answerMs })
        .then(
          () => true,
          (error: unknown) => !(error instanceof NoAnswer) || error.tooSlow,
        ),
    ),
  );
  return renewed.filter((_, index) => there[index]);
}

/** Parses the fields of one hash. */
function registration(key: string, fields: Record<string, string>, ttlSeconds: number): Registration {
  const field = <T>(name: string): T => JSON.parse(fields[name] ?? 'null');
  const endpoint = field<{
    address: string;
    port: number;
    protocol: string;
    prometheus_address: string;
  }>('endpoint');
  const health = field<{ registration_time: number; last_heartbeat: number }>('health_status');
  return {
    key,
    id: field('id'),
    group: field('service_group'),
    name: field('display_name'),
    version: field('version'),
    protocol: endpoint.protocol,
    // Some components write the port into the address too.
    address: /:\d+$/.test(endpoint.address) ? endpoint.address : `${endpoint.address}:${endpoint.port}`,
    metricsAddress: endpoint.prometheus_address,
    registeredAt: health.registration_time,
    lastHeartbeat: health.last_heartbeat,
    ttlSeconds,
  };
}

/** IP address of the one process of a component. Throws {@link Inconclusive} when none is registered. */
export async function registeredHost(
  valkey: Valkey,
  component: 'storage-proxy' | 'appproxy-coordinator' | 'appproxy-worker',
): Promise<string> {
  const current = (await registrations(valkey))
    .filter(
      ({ group, lastHeartbeat }) =>
        group === component && Date.now() / 1000 - lastHeartbeat < 2 * RENEWAL_SECONDS,
    )
    .sort((a, b) => b.registeredAt - a.registeredAt);
  const host = current[0]?.metricsAddress.replace(/:\d+$/, '');
  if (!host) throw new Inconclusive(`no ${component} is registered in Valkey`);
  return host;
}

/** One manager, reached at its own address instead of through the Service. */
export interface OneManager {
  /** Its IP address. */
  host: string;
  /** Its id in etcd, for example "i-manager-abc". */
  id: string;
  asUser: BackendAi;
  asAdmin: BackendAi;
}

/** Each manager at its own address. Throws {@link Inconclusive} when fewer than two answer. */
export async function eachManager(
  deployment: Pick<Deployment, 'connection' | 'valkey'>,
): Promise<{ each: OneManager[]; asUser: BackendAi[] }> {
  const { accounts } = deployment.connection;
  const alive = (await registrations(deployment.valkey)).filter(
    (one) => one.group === 'manager' && Date.now() / 1000 - one.lastHeartbeat < 2 * RENEWAL_SECONDS,
  );
  const each: OneManager[] = [];
  for (const one of alive) {
    const url = `http://${one.address}`;
    const manager = {
      host: one.address.replace(/:\d+$/, ''),
      id: one.name.replace(/^manager-/, ''),
      asUser: new BackendAi(url, accounts.user),
      asAdmin: new BackendAi(url, accounts.admin),
    };
    // A deleted pod stays registered until its record expires.
    const answers = await manager.asUser.api
      .request({ method: 'GET', path: '/', timeoutMs: 5_000 })
      .then(() => true)
      .catch(() => false);
    if (answers) each.push(manager);
  }
  if (each.length < 2) {
    throw new Inconclusive(`two managers are needed, but ${each.length} answer at their own address`);
  }
  return { each, asUser: each.map((one) => one.asUser) };
}

/** The addresses host:port that a manager gives Prometheus for its scrapes. */
export async function prometheusTargets(manager: { host: string }): Promise<string[]> {
  const groups = await new Api(`http://${manager.host}:18080`).json<{ targets: string[] }[]>({
    method: 'GET',
    path: '/metrics/service_discovery',
  });
  return groups.flatMap(({ targets }) => targets);
}
