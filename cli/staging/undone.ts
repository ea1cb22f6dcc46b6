import { setTimeout as delay } from 'node:timers/promises';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';

const LOOK_MS = 500;

/**
 * Waits until the operator has undone what attempts left changed in the deployment: its record goes with the reports.
 * Resolves to what is still changed after the deadline, or cannot be undone, a line for each attempt.
 */
export async function untilUndone(
  client: Pick<RestApi, 'get'>,
  namespace: string,
  { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number },
): Promise<string[]> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const { items } = await client.get<KubeList<TestReport>>(pathOf(TEST_REPORTS, { namespace }), {}, signal);
    const changed = items.filter(({ status }) => status?.changes?.length);
    const open = changed.filter((report) => undoneOf(report) === undefined);
    if (open.length === 0 || performance.now() > until) {
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
