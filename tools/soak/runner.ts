import { conditionOf } from '@backendai-e2e/api/conditions';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { finalReport } from '../envtest/doubles/final-report.ts';
import { endedPodStatus } from '../envtest/doubles/pod-status.ts';
import type { FaultHarness } from '../envtest/operator/fault-harness.ts';
import { until } from '../envtest/waits/until.ts';

/** What the soak reported for the attempts of one run. */
export interface PlayedRun {
  name: string;
  cancelled: boolean;
  /** The verdict of each attempt, by the name of its report. */
  reported: Map<string, 'Passed' | 'Failed'>;
}

/**
 * Plays the runners of a run until it has its verdict. Each attempt prints its name and reports once, and its pod ends.
 * @param fails whether the next attempt fails
 */
export async function playRun(
  { harness, kubelet }: FaultHarness,
  played: PlayedRun,
  fails: () => boolean,
): Promise<TestRun> {
  return until(`run ${played.name} has its verdict`, async () => {
    const run = await harness.getRun(played.name);
    if (run?.status?.finishedAt) return run;
    for (const { state, report } of run?.status?.suites ?? []) {
      if (state !== 'Running' || report === undefined || played.reported.has(report)) continue;
      const pod = await harness.pod(report);
      const verdict = fails() ? 'Failed' : 'Passed';
      if (!pod.spec?.nodeName) await kubelet.bind(pod);
      kubelet.log(pod, 'suite', `${report} says ${verdict}\n`);
      await harness.report(report, finalReport(verdict));
      played.reported.set(report, verdict);
      await harness.podStatus(pod, endedPodStatus(verdict === 'Failed' ? 1 : 0, 'Completed'));
    }
    throw new Error(JSON.stringify(run?.status?.suites));
  });
}

/**
 * What is wrong with the results of a run, a sentence each. An attempt may be lost, be there twice, or have another verdict than
 * it reported. A cancelled run may have interrupted attempts.
 */
export function wrongResults(run: TestRun, { cancelled, reported }: PlayedRun): string[] {
  const lines = run.status?.suites ?? [];
  const names = new Set(lines.map(({ name }) => name));
  const doubled = names.size === lines.length ? [] : [`${run.metadata.name} has a suite twice`];
  return [
    ...doubled,
    ...lines.flatMap(({ name, state, report, verdict, attempt }) => {
      const own = [...reported].filter(([each]) => each.startsWith(`${run.metadata.name}-${name}-`));
      if (state !== 'Finished') return [`${name} is ${state}`];
      if (cancelled && verdict === 'Interrupted') return [];
      const last = report === undefined ? undefined : reported.get(report);
      const wanted = last === 'Passed' && attempt > 1 ? 'Flaky' : last;
      if (verdict !== wanted)
        return [`${name} is ${verdict}, and its attempts reported ${JSON.stringify(own)}`];
      return own.length === attempt ? [] : [`${name} has ${attempt} attempts, and ${own.length} reported`];
    }),
  ];
}

/** What is wrong with the archive of an attempt that reported and whose pod ended: a sentence, or undefined. */
export function wrongArchive({ metadata, status }: TestReport): string | undefined {
  const archived = conditionOf(status?.conditions, 'Archived');
  if (archived?.status === 'True') return undefined;
  return `${metadata.name} is not archived: ${archived?.message ?? 'no condition says why'}`;
}
