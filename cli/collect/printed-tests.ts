import { LABELS } from '@backendai-e2e/api/group';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import type { ObservedTest } from '@backendai-e2e/results/test-record';
import type { ContainerLog } from './cluster-logs.ts';

/**
 * The tests that the pod of each attempt printed, by the name of its TestReport, which is also the name of its Job. A pod
 * that printed nothing never started the runner: it is left out.
 */
export function printedTests(logs: readonly ContainerLog[], run: string): Map<string, ObservedTest[]> {
  return new Map(
    logs
      .filter((log) => log.labels[LABELS.run] === run && !log.previous && log.text !== '')
      .map((log) => [log.labels['batch.kubernetes.io/job-name'] ?? log.pod, readPrintedTests(log.text)]),
  );
}
