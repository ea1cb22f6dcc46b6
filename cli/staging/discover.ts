import type { Connection } from '@backendai-e2e/api/connection';
import { isRecord } from '@backendai-e2e/kube/is-record';

/** The fields of a Service that discovery reads. */
export interface Service {
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: { ports?: { name?: string; port: number }[] };
}

/** A Connection of which parts may be missing. */
export type PartialConnection = { [K in keyof Connection]?: Partial<Connection[K]> | Connection[K] };

const COMPONENT = 'app.kubernetes.io/component';
const VERSION = 'app.kubernetes.io/version';

/** Where a component's endpoint is looked for: the Service's port of that name, else of that number. */
interface Endpoint {
  component: string;
  port: string;
  number: number;
}
const at = (component: string, port: string, number: number): Endpoint => ({ component, port, number });

/** URLs in a Connection and the Services behind them. Numbers are Backend.AI's defaults, names those of charts/backend-ai. */
const URLS: readonly [part: keyof Connection, key: string, where: Endpoint][] = [
  ['manager', 'url', at('manager', 'http', 8081)],
  ['manager', 'internalUrl', at('manager', 'internal', 18080)],
  ['webserver', 'url', at('webserver', 'http', 8090)],
  ['storageProxy', 'clientUrl', at('storage-proxy', 'client', 6021)],
  ['storageProxy', 'managerUrl', at('storage-proxy', 'manager', 6022)],
  ['storageProxy', 'internalUrl', at('storage-proxy', 'internal', 16023)],
  ['appProxy', 'coordinatorUrl', at('appproxy-coordinator', 'http', 10200)],
  ['appProxy', 'workerUrl', at('appproxy-worker', 'http', 10201)],
  ['registry', 'url', at('registry', 'http', 5000)],
  ['s3', 'endpoint', at('s3', 'http', 7070)],
];

/**
 * How to reach Backend.AI, from the Services of its namespace. A component's Service carries the label
 * app.kubernetes.io/component, or has the component's name. Agents are no Services: they come from the Secret or a file.
 */
export function endpointsOf(
  services: readonly Service[],
  namespace: string,
  clusterDomain = 'cluster.local',
): PartialConnection {
  const find = (component: string): Service | undefined =>
    services.find(({ metadata }) => metadata.labels?.[COMPONENT] === component) ??
    services.find(({ metadata }) => metadata.name === component);
  const hostAndPort = (where: Endpoint): { host: string; port: number } | undefined => {
    const service = find(where.component);
    const ports = service?.spec?.ports ?? [];
    const port =
      ports.find(({ name }) => name === where.port) ??
      ports.find(({ port: number }) => number === where.number) ??
      (ports.length === 1 ? ports[0] : undefined);
    if (!service || !port) return undefined;
    return { host: `${service.metadata.name}.${namespace}.svc.${clusterDomain}`, port: port.port };
  };
  const found: Record<string, Record<string, unknown> | string> = { namespace };
  for (const [part, key, where] of URLS) {
    const place = hostAndPort(where);
    if (place) found[part] = { ...asRecord(found[part]), [key]: `http://${place.host}:${place.port}` };
  }
  const postgres = hostAndPort(at('postgres', 'postgres', 5432));
  if (postgres) found.postgres = { ...postgres };
  const valkey = hostAndPort(at('valkey', 'valkey', 6379)) ?? hostAndPort(at('redis', 'redis', 6379));
  if (valkey) found.valkey = { ...valkey };
  const etcd = hostAndPort(at('etcd', 'client', 2379));
  if (etcd) found.etcd = { endpoints: [`http://${etcd.host}:${etcd.port}`] };
  const version = find('manager')?.metadata.labels?.[VERSION];
  return { ...found, ...(version ? { version } : {}) } as PartialConnection;
}

/** Puts layers over each other, key by key; later ones win. Lists are taken whole. */
export function layered(...layers: readonly (PartialConnection | undefined)[]): PartialConnection {
  return layers.reduce<Record<string, unknown>>((below, layer) => over(below, layer ?? {}), {});
}

function over(below: Record<string, unknown>, above: object): Record<string, unknown> {
  const result = { ...below };
  for (const [key, value] of Object.entries(above)) {
    result[key] = isRecord(value) ? over(asRecord(result[key]), value) : value;
  }
  return result;
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
