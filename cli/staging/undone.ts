import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { LABELS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { corePath, pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';

const LOOK_MS = 500;

/** Phases of a pod that has ended. */
const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

/** What is read of a pod of an attempt. */
interface Pod {
  status?: { phase?: string };
}

/**
 * Waits until the pods of attempts have ended, and the operator has undone what they left changed. Its record goes with their
 * reports. Resolves to what is still changed after the deadline, or cannot be undone, a line for each attempt.
 */
export async function untilUndone(
  client: Pick<RestApi, 'get'>,
  namespace: string,
  { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number },
): Promise<string[]> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    // Before the reports: a pod may still change something, and notes it there.
    const pods = await client.get<KubeList<Pod>>(
      corePath(namespace, 'pods'),
      { labelSelector: LABELS.run },
      signal,
    );
    const working = pods.items.some(({ status }) => !ENDED.has(status?.phase ?? ''));
    const { items } = await client.get<KubeList<TestReport>>(pathOf(TEST_REPORTS, { namespace }), {}, signal);
    const changed = items.filter(({ status }) => status?.changes?.length);
    const open = changed.filter((report) => undoneOf(report) === undefined);
    if ((open.length === 0 && !working) || performance.now() > until) {
      return changed.filter((report) => undoneOf(report)?.status !== 'True').map(inWords);
    }
    await delay(LOOK_MS, undefined, { signal });
  }
}

function undoneOf({ status }: TestReport) {
  return conditionOf(status?.conditions, REPORT_CONDITIONS.undone);
}

function inWords(report: TestReport): string {
  const changes = report.status?.changes ?? [];
  const why = undoneOf(report)?.message ?? 'the operator has not undone it';
  const what = changes.map(({ undo, subject }) => `${undo} ${subject}`).join(', ');
  return `the deployment changed by ${report.metadata.name} (to undo: ${what}): ${why}`;
}
