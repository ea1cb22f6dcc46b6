import type { ArchiveBudget } from '@backendai-e2e/api/limits';
import { PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { objectName } from '@backendai-e2e/kube/object';
import { Secrets } from '@backendai-e2e/redaction/redaction';
import { componentOfPod } from '@backendai-e2e/results/seen-objects';
import { secretsInNamespace } from '../environments/environment-secrets.ts';
import { type ContainerText, componentTraces, linesUntil, shareOf } from './component-text.ts';
import { readLogEnd } from './log-tail.ts';
import type { Trace } from './traces.ts';

/** Failed reads in a row after which the rest is skipped: an unreachable kubelet takes 10 s for each. */
const FAILURES = 2;

/** A span of time in one deployment. */
export interface Span {
  /** Of the deployment. */
  namespace: string;
  since: Date;
  until: Date;
}

/** The logs that were read, and a sentence for each failure. */
export interface ComponentLogs {
  traces: Trace[];
  troubles: string[];
  /** Pods of the namespace. */
  pods: Pod[];
  /** Values of its Secrets. */
  secrets: Secrets;
}

/** No logs, and why. */
export function noLogs(...troubles: string[]): ComponentLogs {
  return { traces: [], troubles, pods: [], secrets: new Secrets() };
}

/** One container whose log may have lines of the span. */
interface Source {
  pod: Pod;
  container: string;
  previous: boolean;
}

/**
 * The logs of a deployment's components in a span of time, one artifact each. All values of the namespace's Secrets are masked.
 * Rejects only with the signal's reason: logs that cannot be read are listed in `troubles`.
 */
export async function componentLogs(
  client: Pick<KubeClient, 'list' | 'podLogs'>,
  span: Span,
  budget: Pick<ArchiveBudget, 'components' | 'container'>,
  signal: AbortSignal,
): Promise<ComponentLogs> {
  let pods: Pod[];
  let secrets: Secrets;
  try {
    const { namespace } = span;
    pods = (await client.list(PODS, { namespace }, { signal })).items;
    // Without the list of secrets nothing may be stored.
    secrets = await secretsInNamespace(client, namespace, signal);
  } catch (error) {
    signal.throwIfAborted();
    return noLogs(`the components' logs: ${sentence(error)}`);
  }
  const sources = pods.flatMap((pod) => sourcesIn(pod, span.since));
  const share = shareOf(budget.components, budget.container, sources.length);
  const texts: ContainerText[] = [];
  const troubles: string[] = [];
  let failures = 0;
  // One after the other: there are many, and each may be as large as its share.
  for (const [index, { pod, container, previous }] of sources.entries()) {
    const query = { container, sinceTime: span.since.toISOString(), ...(previous ? { previous } : {}) };
    const which = {
      component: componentOfPod(pod),
      pod: pod.metadata.name,
    };
    try {
      const end = await readLogEnd(client, objectName(pod), query, share, signal);
      const text = secrets.mask(linesUntil(end.text, span.until));
      texts.push({ ...which, container, previous, text, omittedBytes: end.omittedBytes });
      failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      troubles.push(`${which.pod}/${container}: ${secrets.mask(sentence(error))}`);
      if (failures < FAILURES) continue;
      const rest = sources.length - index - 1;
      if (rest > 0) troubles.push(`${rest} more logs of components were not asked for`);
      break;
    }
  }
  const { traces, left } = componentTraces(texts, share);
  if (left > 0) troubles.push(`${left} components more than a report has room for`);
  return { traces, troubles, pods, secrets };
}

/** Containers that ran at some time since then, and the instances before their last restart. */
function sourcesIn(pod: Pod, since: Date): Source[] {
  const ended = (at: Date | string | undefined) => at !== undefined && new Date(at) < since;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.flatMap(({ name: container, state, lastState }) => {
    const before = lastState?.terminated;
    const current = state?.running ?? (state?.terminated && !ended(state.terminated.finishedAt));
    return [
      ...(before && !ended(before.finishedAt) ? [{ pod, container, previous: true }] : []),
      ...(current ? [{ pod, container, previous: false }] : []),
    ];
  });
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
