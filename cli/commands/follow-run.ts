import type { TestRun } from '@backendai-e2e/api/test-run';
import { showInService } from '../report/ci-services.ts';
import { oneRun } from '../report/run-list.ts';
import { type Ending, endingOfRun } from '../runs/ending.ts';
import { followRun, namesOf, type Snapshot } from '../runs/follow.ts';
import { narrate } from '../runs/progress.ts';
import { type Format, show } from '../terminal/output.ts';
import type { ClusterContext } from './cluster-context.ts';

/** The API server ends no run before its own time-out, but a queued run may wait for others: a day. */
const DEADLINE_MS = 86_400_000;

/**
 * Follows a run until it is finished: progress on stderr, the result on stdout. Returns what it means. A signal ends only
 * the following: the run continues in the cluster.
 */
export async function followToEnd(cluster: ClusterContext, run: TestRun, format: Format): Promise<Ending> {
  const names = namesOf(cluster.namespace, run);
  let seen: Snapshot = { reports: [] };
  try {
    const last = await followRun(cluster.client, names, {
      signal: cluster.signal,
      deadlineMs: DEADLINE_MS,
      onChange: (now) => {
        for (const line of narrate(seen, now)) console.error(line);
        seen = now;
      },
    });
    const reports = last.reports.map((report) => ({
      ...report,
      apiVersion: last.run.apiVersion,
      kind: 'TestReport' as const,
    }));
    show(oneRun({ run: last.run, reports }), format);
    for (const trouble of await showInService({ run: last.run, reports })) console.error(`e2e: ${trouble}`);
    return endingOfRun(last.run);
  } catch (error) {
    if (cluster.signal.aborted) {
      console.error(
        `e2e: ${names.run} continues in the cluster: follow it with "e2e watch ${names.run}", or end it with "e2e cancel ${names.run}"`,
      );
    }
    throw error;
  }
}
