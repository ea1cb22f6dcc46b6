import { LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import type { ObservedTest } from '@backendai-e2e/results/test-record';
import type { ContainerLog } from './cluster-logs.ts';

/**
 * The tests that the pod of each attempt printed, by the name of its TestReport and Job. A pod that
 * printed nothing never started the runner, so it is left out.
 * @param reports of the run: their suite files distinguish the line of a file from a word that a test printed
 */
export function printedTests(
  logs: readonly ContainerLog[],
  run: string,
  reports: readonly TestReport[],
): Map<string, ObservedTest[]> {
  return new Map(
    logs
      // The pod that undoes the changes of an attempt belongs to the run, but is no attempt.
      .filter(({ labels }) => labels[LABELS.run] === run && labels[LABELS.attempt] !== undefined)
      .filter((log) => !log.previous && log.text !== '')
      .map((log) => {
        const name = log.labels['batch.kubernetes.io/job-name'] ?? log.pod;
        const report = reports.find(({ metadata }) => metadata.name === name);
        const files = report?.status?.tests?.map(({ file }) => file);
        return [name, readPrintedTests(log.text, files && new Set(files))];
      }),
  );
}
