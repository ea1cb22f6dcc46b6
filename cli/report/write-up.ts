import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { splitTimestamp } from '@backendai-e2e/results/printed-output';
import { type Ending, meaningOf } from '../runs/ending.ts';
import type { ContainerLog, Pod } from './cluster-logs.ts';
import type { Harvest } from './collect.ts';
import { explainFailure } from './explain.ts';
import type { JobRecord } from './job-record.ts';
import { type JobFigures, phaseTable, summaryTable } from './summary.ts';

/** Lines of a crashed container's log that are shown. */
const CRASH_LINES = 8;

/** What the report reads of a job's clock: seconds since the job began, and seconds of each phase. */
export interface JobTimes {
  elapsed(): number;
  /** Seconds from the start of the job to an RFC 3339 time, or undefined. */
  secondsUntil(time: string | undefined): number | undefined;
  rows(): JobFigures['phases'];
}

/** The figures of a job that is over. */
export function figuresOf(clock: JobTimes, state: JobRecord): JobFigures {
  const starts = state.seen.reports.flatMap((report) => report.status?.startedAt ?? []).sort();
  const firstTest = clock.secondsUntil(starts[0]);
  return {
    phases: clock.rows(),
    // Before the command began: it attached to a run that was under way.
    ...(firstTest === undefined || firstTest < 0
      ? {}
      : { firstTestSeconds: Math.round(firstTest * 10) / 10 }),
    totalSeconds: Math.round(clock.elapsed() * 10) / 10,
    ...(state.peakMemoryBytes === undefined ? {} : { peakMemoryBytes: state.peakMemoryBytes }),
  };
}

/** Everything that a person reads at the end, top to bottom; the last line names the exit code and its meaning. */
export function closingLines(
  ending: Ending,
  state: JobRecord,
  harvest: Harvest,
  figures: JobFigures,
): string[] {
  const { run, environment, moreEnvironments, reports } = state.seen;
  const failed = ending.code === COMMAND_EXIT.failed || ending.code === COMMAND_EXIT.couldNotRun;
  const evidence = {
    reports,
    pods: harvest.collected?.pods ?? [],
    logs: harvest.collected?.logs ?? [],
    events: harvest.collected?.events ?? [],
    outputs: harvest.outputs,
    ...(run ? { run } : {}),
    ...(environment ? { environment } : {}),
    ...(moreEnvironments ? { moreEnvironments } : {}),
  };
  return [
    '',
    ...(run?.status?.suites?.length ? [...summaryTable(run), ''] : []),
    ...(failed ? explainFailure(evidence) : []),
    ...(failed ? podTroubles(evidence.pods, evidence.logs) : []),
    '',
    ...phaseTable(figures),
    '',
    `exit ${ending.code} (${meaningOf(ending.code)}): ${ending.sentence}`,
  ];
}

/** Writes phases.json and summary.txt. */
export async function writeFigures(
  out: string,
  figures: JobFigures,
  lines: readonly string[],
): Promise<void> {
  await writeFile(path.join(out, 'phases.json'), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(path.join(out, 'summary.txt'), `${lines.join('\n')}\n`);
}

/** Containers in a state that does not pass by itself, a line each, and the last lines of those that crashed. */
export function podTroubles(pods: readonly Pod[], logs: readonly ContainerLog[]): string[] {
  return pods.flatMap((pod) =>
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].flatMap(
      (status) => {
        const reason = status.state?.waiting?.reason;
        if (!reason || ['PodInitializing', 'ContainerCreating'].includes(reason)) return [];
        const detail = status.state?.waiting?.message
          ? `: ${status.state.waiting.message.slice(0, 300)}`
          : '';
        const last = logs.find(
          (log) => log.pod === pod.metadata.name && log.container === status.name && log.previous,
        );
        return [
          `  ${pod.metadata.namespace}/${pod.metadata.name}/${status.name} waits: ${reason}${detail}`,
          ...lastLines(last?.text ?? '').map((line) => `      ${line}`),
        ];
      },
    ),
  );
}

/** The last lines of a log, without the kubelet's timestamps. */
function lastLines(text: string): string[] {
  const lines = text.trimEnd().split('\n').slice(-CRASH_LINES);
  return lines.map((line) => splitTimestamp(line).text.slice(0, 300)).filter((line) => line !== '');
}
