import { readFile } from 'node:fs/promises';
import type { Connection } from '@backendai-e2e/api/connection';
import { ConnectionSchema } from '@backendai-e2e/api/schemas/connection';
import { CONNECTION_KEY } from '@backendai-e2e/api/test-environment';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { isRecord } from '@backendai-e2e/kube/is-record';
import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { endpointsOf, layered, type PartialConnection, type Service } from './discover.ts';
import type { StagingNamespaces } from './names.ts';

/** Endpoints or credentials of the deployment are unknown. Names what is missing, but no value. Exit code 2. */
export class NotReachable extends Error {
  override readonly name = 'NotReachable';
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Where the parts of a connection come from. */
export interface Sources {
  /** Secret in the deployment's namespace, key connection.json. */
  secret: string;
  /** YAML or JSON file of the same shape, read by the command. */
  file?: string;
}

/** A connection, and a line about each source. */
export interface Found {
  connection: Connection;
  told: string[];
}

/**
 * How to reach the deployment: from its Services, overridden by its Secret, overridden by the file. None of the three has to
 * be complete. Throws NotReachable with the names of what none of them gives.
 */
export async function findConnection(
  client: Pick<RestApi, 'get'>,
  namespaces: StagingNamespaces,
  sources: Sources,
  signal: AbortSignal,
): Promise<Found> {
  const told: string[] = [];
  const services = await readable<{ items: Service[] }>(
    client,
    corePath(namespaces.deployment, 'services'),
    signal,
  );
  const endpoints = services ? endpointsOf(services.items, namespaces.deployment) : {};
  told.push(
    services
      ? `${services.items.length} Services in namespace ${namespaces.deployment}: endpoints of ${partsOf(endpoints).join(', ') || 'nothing of Backend.AI'}`
      : `Services in namespace ${namespaces.deployment} cannot be listed`,
  );
  const secret = await readable<{ data?: Record<string, string> }>(
    client,
    corePath(namespaces.deployment, 'secrets', sources.secret),
    signal,
  );
  const content = secret?.data?.[CONNECTION_KEY];
  told.push(
    content
      ? `Secret ${namespaces.deployment}/${sources.secret}: credentials`
      : `Secret ${namespaces.deployment}/${sources.secret}: ${secret ? `no key ${CONNECTION_KEY}` : 'not there, or not readable'}`,
  );
  const fromSecret = content
    ? parsed(Buffer.from(content, 'base64').toString('utf8'), `Secret ${sources.secret}`)
    : undefined;
  const fromFile = sources.file ? parsed(await fileText(sources.file), sources.file) : undefined;
  if (sources.file) told.push(`file ${sources.file}: ${partsOf(fromFile ?? {}).join(', ') || 'nothing'}`);
  return {
    connection: completeConnection(layered(endpoints, fromSecret, fromFile), namespaces, sources),
    told,
  };
}

/** The connection, checked. Throws NotReachable with the names of what is missing or malformed, never with a value. */
export function completeConnection(
  parts: object,
  namespaces: StagingNamespaces,
  sources: Sources,
): Connection {
  // A connection without agents is valid: only some suites use them.
  const candidate = { agents: [], ...parts };
  if (isConnection(candidate)) return candidate;
  const lacks = new Set(
    [...Value.Errors(ConnectionSchema, candidate)].flatMap((error) => {
      const path = error.instancePath.replaceAll('/', '.').replace(/^\./, '');
      const params = error.params as { requiredProperties?: string[] };
      return params.requiredProperties
        ? params.requiredProperties.map((name) => (path ? `${path}.${name}` : name))
        : [`${path} (${error.message})`];
    }),
  );
  throw new NotReachable(
    `it is not known how to reach Backend.AI in namespace ${namespaces.deployment}. Missing or malformed: ${[...lacks].join(', ')}`,
    `put it into the Secret ${namespaces.deployment}/${sources.secret} (key ${CONNECTION_KEY}) or into a file for --connection-file (CONNECTION_FILE=…); packages/api/schemas/connection.ts says what each is`,
  );
}

function isConnection(value: unknown): value is Connection {
  return Value.Check(ConnectionSchema, value);
}

/** Undefined where it does not exist or cannot be read: another source may have it. */
async function readable<T>(
  client: Pick<RestApi, 'get'>,
  path: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await client.get<T>(path, {}, signal);
  } catch (error) {
    if (error instanceof ApiError && (error.code === 404 || error.code === 403)) return undefined;
    throw error;
  }
}

async function fileText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new NotReachable(`cannot read ${file}: ${error.message}`, 'give the path of a YAML or JSON file');
  });
}

function parsed(content: string, where: string): PartialConnection {
  let value: unknown;
  try {
    value = parse(content);
  } catch {
    // The parser's own message quotes the text, which is secret.
    value = undefined;
  }
  if (isRecord(value)) return value;
  throw new NotReachable(
    `${where} holds no YAML or JSON object`,
    'packages/api/schemas/connection.ts says what it is to hold',
  );
}

function partsOf(connection: PartialConnection): string[] {
  return Object.keys(connection).filter((key) => !['namespace', 'version'].includes(key));
}
