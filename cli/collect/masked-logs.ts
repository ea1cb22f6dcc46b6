import { corePath } from '@backendai-e2e/kube/request';
import { Secrets } from '@backendai-e2e/redaction/redaction';
import { secretDataValues } from '@backendai-e2e/redaction/secret-data';
import type { ClusterLogs, LogSource } from './cluster-logs.ts';

interface SecretList {
  items: { type?: string; data?: Record<string, string> }[];
}

/**
 * The secret values of these namespaces, as far as the user may list their Secrets. `unread`: the namespaces of which none are
 * known.
 */
export async function secretsOfNamespaces(
  source: Pick<LogSource, 'get'>,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<{ secrets: Secrets; unread: string[] }> {
  const secrets = new Secrets();
  const unread: string[] = [];
  for (const namespace of namespaces) {
    try {
      const { items } = await source.get<SecretList>(corePath(namespace, 'secrets'), {}, signal);
      // Releases of Helm are compressed archives.
      for (const { type, data } of items)
        if (type !== 'helm.sh/release.v1') secrets.add(secretDataValues(data));
    } catch {
      signal.throwIfAborted();
      unread.push(namespace);
    }
  }
  return { secrets, unread };
}

/** The same logs and events with the secrets masked: components print them, and results are uploaded. */
export function maskedLogs(logs: ClusterLogs, secrets: Secrets): ClusterLogs {
  return {
    ...logs,
    logs: logs.logs.map((log) => ({ ...log, text: secrets.mask(log.text) })),
    events: logs.events.map((event) =>
      event.message === undefined ? event : { ...event, message: secrets.mask(event.message) },
    ),
  };
}
