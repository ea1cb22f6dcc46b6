import type { Connection } from '@backendai-e2e/api/connection';
import { Api } from '../clients/http/api.ts';

/** Timeout of a question for a version, milliseconds. */
const ASK_MS = 5_000;
/** Connections to the managers: a Service spreads them at random, so one of two hardly escapes all of them. */
const MANAGER_LOOKS = 8;

/** The part of a health report that is read. */
interface Health {
  version: string;
}

/** The version that each service names at its health endpoint. Rejects where one does not answer. */
export async function serviceVersions(connection: Connection): Promise<Record<string, string[]>> {
  const { manager, storageProxy, webserver, appProxy } = connection;
  const ask = async (url: string): Promise<string> => {
    const request = { method: 'GET', path: '/health', timeoutMs: ASK_MS } as const;
    // A client for each question: a kept connection would reach the same manager again.
    const answer = await new Api(url).json<Health | string>(request);
    // The worker sends its JSON as a text in JSON.
    const { version }: Health = typeof answer === 'string' ? JSON.parse(answer) : answer;
    return version;
  };
  const managers: string[] = [];
  for (let look = 0; look < MANAGER_LOOKS; look += 1) managers.push(await ask(manager.internalUrl));
  return {
    manager: managers,
    'storage-proxy': [await ask(storageProxy.internalUrl)],
    webserver: [await ask(webserver.url)],
    'appproxy-coordinator': [await ask(appProxy.coordinatorUrl)],
    'appproxy-worker': [await ask(appProxy.workerUrl)],
  };
}

/** The one version that all of them name, if it is another one than that before; undefined: not yet. Pure. */
export function upgradedTo(
  versions: Readonly<Record<string, readonly string[]>>,
  before: string,
): string | undefined {
  const [version, ...others] = new Set(Object.values(versions).flat());
  return others.length === 0 && version !== before ? version : undefined;
}
