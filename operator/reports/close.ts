import { FIELD_MANAGERS, KUEUE_QUEUE_LABEL } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import { REPORT_CONDITIONS, type TestReport, type TestReportStatus } from '@backendai-e2e/api/test-report';
import type { Job, Pod } from '@backendai-e2e/kube/builtin-resources';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { ownedStatus } from '@backendai-e2e/kube/owned-fields';
import {
  endingContainer,
  keepsJob,
  NOT_STARTED,
  neverBegan,
  newest,
  podInWords,
  statuses,
  suiteEnded,
} from './suite-pod.ts';

/** Why an attempt can no longer report. */
export interface AttemptEnding {
  /** PascalCase reason for TestReport.status.reason. */
  reason: string;
  message: string;
}

/** The Job and pods of one attempt. */
export interface AttemptTraces {
  /** undefined: the Job existed and is gone. */
  job: Job | undefined;
  pods: readonly Pod[];
  now: Date;
}

/** The attempt has ended, or it may still report; `lookAgainMs`: when the answer could change by waiting alone. */
export type AttemptProgress =
  | { ended: AttemptEnding }
  | { ended: undefined; hint?: AttemptEnding; lookAgainMs?: number };

/** Waiting reasons that do not resolve. */
const HOPELESS = new Set(['ErrImageNeverPull', 'InvalidImageName', 'CreateContainerConfigError']);
/** Waiting reasons that may resolve, such as an unavailable registry. */
const DOUBTFUL = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
]);
/** Reason of a Job that has no pod yet. */
export const NO_POD = 'NoPod';
/** Milliseconds after which a Job without a pod is noticed, and then looked at again. */
const POD_DUE_MS = 2_000;
const POD_AGAIN_MS = 5_000;
/** Milliseconds until an attempt with such a start is given up. */
const HOPELESS_MS = 10_000;
const DOUBTFUL_MS = 90_000;
/** Milliseconds after the grace period of a deleted pod after which its node counts as lost. */
const LOST_MS = 60_000;

/**
 * Decides from its Job and pods whether an attempt can still report. An ended pod is enough: the Job controller notices it
 * about a second later. Call it only for a report that is not final.
 */
export function attemptProgress({ job, pods, now }: AttemptTraces): AttemptProgress {
  if (!job) {
    return ended('JobVanished', 'the Job of this attempt was deleted before the suite reported its end');
  }
  const pod = newest(pods);
  const failed = conditionOf(job, 'Failed');
  const complete = conditionOf(job, 'Complete');
  const over = pod !== undefined && suiteEnded(pod);

  // FailureTarget comes first: the pod is being stopped and may still report.
  const due = failed ?? (over || !pod ? conditionOf(job, 'FailureTarget') : undefined);
  if (due?.reason === 'DeadlineExceeded') {
    const last = pod ? `; last seen: ${podInWords(pod)}` : '';
    return ended(
      'DeadlineExceeded',
      `the Job was active longer than its ${job.spec?.activeDeadlineSeconds ?? '?'} s${last}`,
    );
  }
  if (pod && over) return neverBegan(pod) && !failed ? nextPod(pods, now) : { ended: podEnding(pod) };
  if (failed) {
    if (pod && !pod.metadata.deletionTimestamp) return { ended: podEnding(pod) };
    return ended(
      'PodVanished',
      `the pod was deleted before it ended; the Job says: ${failed.message ?? failed.reason ?? 'failed'}`,
    );
  }
  if (complete) return ended('NoFinalReport', 'the pod ended without reporting the end of the suite');
  if (!pod && job.spec?.suspend) {
    const queue = job.metadata.labels?.[KUEUE_QUEUE_LABEL];
    const message = queue
      ? `the Job waits for Kueue to admit it from queue ${queue}: see kubectl get workloads and localqueue ${queue}`
      : 'spec.suspend of the Job is set: it starts when spec.suspend is false';
    return { ended: undefined, hint: { reason: 'JobSuspended', message } };
  }
  if (!pod) {
    const age = now.getTime() - Date.parse(job.metadata.creationTimestamp ?? now.toISOString());
    if (age < POD_DUE_MS) return { ended: undefined, lookAgainMs: POD_DUE_MS - Math.max(0, age) };
    const why = job.status?.conditions
      ?.map((seen) => seen.message)
      .filter(Boolean)
      .join('; ');
    return {
      ended: undefined,
      hint: { reason: NO_POD, message: why || 'the Job has no pod yet' },
      lookAgainMs: POD_AGAIN_MS,
    };
  }
  return startProgress(pod, now);
}

/** Nothing of the suite ran: the Job creates another pod (podFailurePolicy of attemptJob), unless no pod can start. */
function nextPod(pods: readonly Pod[], now: Date): AttemptProgress {
  const tried = pods.filter(neverBegan);
  const since = Math.min(
    ...tried.map((pod) => Date.parse(pod.metadata.creationTimestamp ?? now.toISOString())),
  );
  const last = newest(tried);
  const end = last ? podEnding(last) : ending(NOT_STARTED, 'the container did not start');
  const due = since + DOUBTFUL_MS;
  if (now.getTime() >= due) return { ended: end };
  return { ended: undefined, hint: end, lookAgainMs: due - now.getTime() };
}

/** A pod that has not ended: it works, cannot start, or is on a lost node. */
function startProgress(pod: Pod, now: Date): AttemptProgress {
  const deleted = pod.metadata.deletionTimestamp;
  if (deleted) {
    const due = Date.parse(deleted) + LOST_MS;
    if (now.getTime() >= due) {
      return ended('NodeLost', `the pod was deleted at ${deleted} and still exists: ${podInWords(pod)}`);
    }
    return { ended: undefined, lookAgainMs: due - now.getTime() };
  }
  const waiting = statuses(pod).find((status) => status.state?.waiting?.reason)?.state?.waiting;
  const reason = waiting?.reason ?? '';
  const patience = HOPELESS.has(reason) ? HOPELESS_MS : DOUBTFUL.has(reason) ? DOUBTFUL_MS : undefined;
  if (patience !== undefined) {
    const message = waiting?.message ? `${podInWords(pod)}: ${waiting.message}` : podInWords(pod);
    const due = Date.parse(pod.metadata.creationTimestamp ?? now.toISOString()) + patience;
    if (now.getTime() >= due) return ended(reason, message);
    return { ended: undefined, hint: { reason, message: cut(message) }, lookAgainMs: due - now.getTime() };
  }
  const unscheduled = pod.status?.conditions?.find(
    (seen) => seen.type === 'PodScheduled' && seen.status === 'False',
  );
  if (unscheduled) {
    return {
      ended: undefined,
      hint: {
        reason: unscheduled.reason ?? 'Unschedulable',
        message: cut(unscheduled.message ?? 'no node accepts the pod'),
      },
    };
  }
  return { ended: undefined };
}

/** Why a pod ended without a final report. */
function podEnding(pod: Pod): AttemptEnding {
  const disrupted = pod.status?.conditions?.find(
    (seen) => seen.type === 'DisruptionTarget' && seen.status === 'True',
  );
  const terminated = endingContainer(pod)?.state?.terminated;
  const words = podInWords(pod);
  if (terminated?.reason === 'OOMKilled') {
    return ending(
      'OOMKilled',
      `${words}: the suite used more memory than spec.resources.limits of the TestSuite allows`,
    );
  }
  if (disrupted || pod.status?.reason === 'Evicted') {
    const why = disrupted?.message ?? pod.status?.message ?? disrupted?.reason ?? '';
    return ending('Evicted', `${words}${why ? `: ${why}` : ''}`);
  }
  if (pod.metadata.deletionTimestamp) {
    return ending('PodVanished', `the pod was deleted while the suite ran: ${words}`);
  }
  if (neverBegan(pod)) {
    return ending(
      NOT_STARTED,
      `the node could not start the container: ${words}: ${terminated?.message ?? ''}`,
    );
  }
  const said = terminated?.message ? `; it said: ${terminated.message}` : '';
  if (terminated?.exitCode === RUNNER_EXIT.couldNotRun) {
    return ending('CouldNotRun', `the runner could not run the suite: ${words}${said}`);
  }
  if (terminated && terminated.exitCode !== 0) return ending('RunnerEnded', `${words}${said}`);
  if (terminated || pod.status?.phase === 'Succeeded') {
    return ending('NoFinalReport', `${words}, but it never reported the end of the suite${said}`);
  }
  return ending(
    pod.status?.reason ?? 'PodFailed',
    `${words}${pod.status?.message ? `: ${pod.status.message}` : ''}`,
  );
}

/**
 * The fields that the operator writes into the status of a report that it closes. The reporter's other fields stay: the two
 * have different field managers.
 */
export function closing(
  end: AttemptEnding,
  now: Date,
): Required<Pick<TestReportStatus, 'final' | 'verdict' | 'reason' | 'message' | 'finishedAt'>> {
  return {
    final: true,
    verdict: 'Interrupted',
    reason: end.reason,
    message: cut(end.message),
    finishedAt: now.toISOString(),
  };
}

function conditionOf(job: Job, type: string) {
  return job.status?.conditions?.find((seen) => seen.type === type && seen.status === 'True');
}

/**
 * Whether the attempt was interrupted and its Job could still run, or start to. A Job whose pods have ended stays, because the
 * log is read from them. After a disruption, it has a second pod that runs. If the operator interrupted the attempt (closedByOperator), the Job must be deleted.
 */
export function outlivesItsReport(
  report: TestReport,
  { job, pods }: Pick<AttemptTraces, 'job' | 'pods'>,
): boolean {
  if (!job || report.status?.final !== true || report.status.verdict !== 'Interrupted') return false;
  const ended = pods.filter((pod) => suiteEnded(pod) && !neverBegan(pod));
  return !isOver(job) && (ended.length === 0 || ended.length < pods.length);
}

/** Whether the Job of a final report goes on after its suite has ended (keepsJob): it must be deleted. */
export function goesOnAfterSuite(
  report: TestReport,
  { job, pods }: Pick<AttemptTraces, 'job' | 'pods'>,
): boolean {
  return job !== undefined && report.status?.final === true && !isOver(job) && pods.some(keepsJob);
}

/** Whether the Job has ended, or is about to. */
function isOver(job: Job): boolean {
  return ['Complete', 'Failed', 'FailureTarget'].some((type) => conditionOf(job, type));
}

/** Whether the operator, not the reporter, made the report final. Needs the report with its managedFields. */
export function closedByOperator(report: TestReport & KubeObject): boolean {
  const written = ownedStatus(report, FIELD_MANAGERS.operator);
  return typeof written === 'object' && written !== null && 'final' in written;
}

/** Conditions that have a field manager of their own. */
const OF_OTHERS: readonly string[] = [REPORT_CONDITIONS.archived, REPORT_CONDITIONS.undone];

/** The operator's own conditions of a report. An apply without them would remove them. */
export function keptConditions(report: TestReport): Pick<TestReportStatus, 'conditions'> {
  const conditions = report.status?.conditions?.filter(({ type }) => !OF_OTHERS.includes(type));
  return conditions?.length ? { conditions } : {};
}

function ended(reason: string, message: string): AttemptProgress {
  return { ended: ending(reason, message) };
}

function ending(reason: string, message: string): AttemptEnding {
  return { reason, message: cut(message) };
}

function cut(text: string): string {
  return text.length > LENGTHS.longMessage ? `${text.slice(0, LENGTHS.longMessage - 1)}…` : text;
}
