import { conditionOf } from '@backendai-e2e/api/conditions';
import { ENVIRONMENT_CONDITIONS, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import { timeOfEvent } from '@backendai-e2e/results/seen-objects';
import { isBad, nameOf, type ObservedTest, type TestRecord } from '@backendai-e2e/results/test-record';
import { type ClusterEvent, type ContainerLog, eventLine } from '../collect/cluster-logs.ts';
import { environmentsIn } from '../runs/follow.ts';
import { componentLine, isUp } from '../runs/progress.ts';
import { alarmsWithin, windowOf, within } from './alarms.ts';

/** What is known about a run that did not succeed. */
export interface FailureEvidence {
  run?: TestRun;
  environment?: TestEnvironment;
  /** The further environments of a run that has several. */
  moreEnvironments?: readonly TestEnvironment[];
  reports: readonly TestReport[];
  logs: readonly ContainerLog[];
  events: readonly ClusterEvent[];
  /** Tests that the pod of each attempt printed, by the name of its TestReport. */
  printed: ReadonlyMap<string, readonly ObservedTest[]>;
}

const MAX_TESTS = 5;
const MAX_ERROR_LINES = 12;
const MAX_LOG_LINES = 12;
const MAX_EVENTS = 5;
/** Of one component that is not ready. */
const MAX_COMPONENT_EVENTS = 3;
const MAX_COMPONENT_ALARMS = 5;
const ALWAYS = { from: 0, to: Number.MAX_SAFE_INTEGER };

/**
 * The lines that a person needs first when a run did not succeed. Components that are not ready come first, then at most five
 * failed tests. Each has its error, and the logs and events of the components at that time. Pure.
 */
export function explainFailure(evidence: FailureEvidence): string[] {
  const suites = evidence.run?.status?.suites ?? [];
  const bad = evidence.reports.flatMap((report) =>
    suites.some((suite) => suite.report === report.metadata.name)
      ? (report.status?.tests ?? []).filter(isBad).map((test) => ({ report, test }))
      : [],
  );
  const withoutTest = suites.filter(
    (suite) =>
      suite.state === 'Finished' &&
      isFailure(suite, evidence.run?.spec ?? {}) &&
      !bad.some((each) => each.report.metadata.name === suite.report),
  );
  return [
    ...environmentsIn(evidence).flatMap((each) => explainEnvironment(evidence, each)),
    ...withoutTest.map(({ name, verdict, reason, message }) => {
      const why = `${reason ? ` (${reason})` : ''}${message ? `: ${message}` : ''}`;
      return `✘ ${name}: ${verdict ?? 'no verdict'}${why}`;
    }),
    ...bad.slice(0, MAX_TESTS).flatMap(({ report, test }) => explainTest(evidence, report, test)),
    ...(bad.length > MAX_TESTS ? [`… and ${bad.length - MAX_TESTS} more failed tests, in run.json`] : []),
  ];
}

function explainTest(evidence: FailureEvidence, report: TestReport, test: TestRecord): string[] {
  const error = (test.error ?? 'no error was recorded').split('\n');
  const window = windowOf(report, test, evidence.printed.get(report.metadata.name));
  const elsewhere = namespacesElsewhere(evidence, report);
  const components = evidence.logs.filter(
    ({ namespace }) => namespace !== report.metadata.namespace && !elsewhere.has(namespace),
  );
  const events = evidence.events.filter(
    (event) =>
      event.type === 'Warning' &&
      window !== undefined &&
      within(timeOfEvent(event), window) &&
      !elsewhere.has(event.metadata.namespace),
  );
  return [
    '',
    `✘ ${nameOf(test)} (${test.state})`,
    ...error.slice(0, MAX_ERROR_LINES).map((line) => `    ${line}`),
    ...(error.length > MAX_ERROR_LINES
      ? [`    … ${error.length - MAX_ERROR_LINES} more lines in run.json`]
      : []),
    ...listed(
      '  component logs at that time:',
      window ? alarmsWithin(components, window) : [],
      MAX_LOG_LINES,
    ),
    ...listed('  events at that time:', events.map(eventLine), MAX_EVENTS),
  ];
}

/** Namespaces of the run's environments in which the attempt did not run. */
function namespacesElsewhere(evidence: FailureEvidence, { spec }: TestReport): Set<string> {
  const own = spec.environment;
  const others = environmentsIn(evidence).filter(
    ({ metadata }) => own !== undefined && metadata.name !== own,
  );
  return new Set(others.flatMap(({ status }) => status?.namespace ?? []));
}

function explainEnvironment(evidence: FailureEvidence, { metadata, status }: TestEnvironment): string[] {
  const several = (evidence.moreEnvironments ?? []).length > 0;
  const isHere = (namespace: string) => !several || namespace === status?.namespace;
  const down = (status?.components ?? []).filter((one) => !isUp(one));
  const restarted = (status?.components ?? []).filter((one) => isUp(one) && one.restarts > 0);
  const ready = conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.ready);
  const lines =
    ready && ready.status !== 'True'
      ? [`environment ${several ? `${metadata.name} ` : ''}not ready (${ready.reason}): ${ready.message}`]
      : [];
  for (const one of down) {
    const logs = evidence.logs.filter((log) => log.component === one.name && isHere(log.namespace));
    const pods = new Set(logs.map((log) => log.pod));
    const events = evidence.events.filter(
      (event) =>
        event.type === 'Warning' &&
        isHere(event.metadata.namespace) &&
        (pods.has(event.involvedObject.name ?? '') ||
          `${event.involvedObject.kind}/${event.involvedObject.name}` === one.workload),
    );
    const lastEvents = events.slice(-MAX_COMPONENT_EVENTS).map(eventLine);
    const lastAlarms = alarmsWithin(logs, ALWAYS).slice(-MAX_COMPONENT_ALARMS);
    lines.push(
      `  not ready: ${componentLine(one)}`,
      ...listed('    last events:', lastEvents, MAX_COMPONENT_EVENTS),
      ...listed('    last warnings and errors in its logs:', lastAlarms, MAX_COMPONENT_ALARMS),
    );
  }
  return [...lines, ...restarted.map((one) => `  restarted: ${componentLine(one)}`)];
}

function listed(heading: string, lines: readonly string[], most: number): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length > most ? [`    … ${lines.length - most} more in the logs`] : [];
  return [heading, ...lines.slice(0, most).map((line) => `    ${line}`), ...rest];
}
