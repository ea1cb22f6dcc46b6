import type { Fault } from '@backendai-e2e/api/fault';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { RUN_REASONS } from '@backendai-e2e/api/test-run';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import type { Event, Pod } from '@backendai-e2e/kube/builtin-resources';
import { windowOfAttempt, windowOfTest } from '@backendai-e2e/results/causes/failure-window';
import { faultMoments, faultsInForce } from '@backendai-e2e/results/causes/fault-moments';
import { firstCauses } from '@backendai-e2e/results/causes/first-cause';
import { alarmLines, alarmsIn, kindOfLine, type LogText } from '@backendai-e2e/results/causes/log-lines';
import { outagesOf } from '@backendai-e2e/results/causes/outages';
import { clusterChanges } from '@backendai-e2e/results/cluster-record';
import { seenEvent, seenPod } from '@backendai-e2e/results/seen-objects';
import { isBad } from '@backendai-e2e/results/test-record';

/** What the operator knows of the time of an attempt when it archives it. */
export interface AttemptEvidence {
  /** With its tests. */
  report: TestReport;
  environment: Pick<TestEnvironment, 'metadata' | 'status'> | undefined;
  faults: readonly Fault[];
  /** Pods and warnings of the deployment. */
  pods: readonly Pod[];
  events: readonly Event[];
  /** What the components logged. */
  logs: readonly LogText[];
}

/** Whether the operator looks for the cause of an attempt: it ended badly, and not because its run was cancelled. */
export function hasCause({ status }: TestReport): boolean {
  const { verdict = 'Failed', reason } = status ?? {};
  return VERDICT_POLICY[verdict].archivesComponentLogs && reason !== RUN_REASONS.cancelled;
}

/**
 * The leading candidate for the first bad test of an attempt, and the heaviest piece of its evidence. The text may have any
 * length and any characters. Without a bad test, it is about the whole attempt. Undefined if nothing speaks for any component.
 * The operator knows neither usual lines nor digests of earlier runs, so these rules do not count. Pure.
 */
export function firstCauseOf(evidence: AttemptEvidence): string | undefined {
  const { report, environment, faults, pods, events, logs } = evidence;
  const { status } = report;
  const test = status?.tests?.find(isBad);
  const window = test ? windowOfTest(test, status) : windowOfAttempt(status);
  if (!window || !hasCause(report)) return undefined;
  const cluster = { events: events.map(seenEvent), pods: pods.map(seenPod), leases: [], missing: [] };
  const lines = alarmLines(logs);
  const deployed = (environment?.status?.components ?? []).map(({ name }) => name);
  const [first] = firstCauses({
    error: test?.error ?? status?.message ?? '',
    title: `${test?.title ?? ''} ${report.spec.suite}`,
    ...{ window, attempt: report.metadata.name, newDigests: [] },
    components: [...new Set([...deployed, ...cluster.pods.map(({ component }) => component)])],
    changes: clusterChanges(cluster).map((change) => ({ ...change, at: Date.parse(change.at) })),
    outages: outagesOf(cluster),
    faults: faultsInForce(faults.map(faultMoments), environment?.metadata.name ?? '', window),
    alarms: alarmsIn(lines, window, new Set(lines.map(kindOfLine))),
  });
  return first && `${first.component}: ${first.evidence[0] ?? ''}`;
}
