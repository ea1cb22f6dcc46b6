import { conditionOf } from '@backendai-e2e/api/conditions';
import { ENVIRONMENT_CONDITIONS, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import { readPrintedTests, splitTimestamp } from '@backendai-e2e/results/printed-output';
import { isBad, nameOf, type TestRecord } from '@backendai-e2e/results/test-record';
import { environmentsIn } from '../runs/follow.ts';
import { componentLine, isUp } from '../runs/progress.ts';
import { type ClusterEvent, type ContainerLog, eventLine, timeOf } from './cluster-logs.ts';

export interface FailureEvidence {
  run?: TestRun;
  environment?: TestEnvironment;
  /** The others of a run that has several. */
  moreEnvironments?: readonly TestEnvironment[];
  reports: readonly TestReport[];
  logs: readonly ContainerLog[];
  events: readonly ClusterEvent[];
  /** Standard output of each attempt's pod, by the name of its TestReport. */
  outputs: ReadonlyMap<string, string>;
}

/** A window of time, milliseconds since 1970. */
export interface Window {
  from: number;
  to: number;
}

const MAX_TESTS = 5;
const MAX_ERROR_LINES = 12;
const MAX_LOG_LINES = 12;
/** Components write a little before and after a test notices. */
const MARGIN_MS = 3_000;
const ALARMING = /\b(WARN(ING)?|ERROR|CRITICAL|FATAL|PANIC|Traceback|Exception|OOMKilled)\b/;

/**
 * The first lines that a person needs when a run did not succeed: components that are not as they should be, and for
 * each failed test (five at most) its error and what the components and events said at that time. Pure.
 */
export function explainFailure(evidence: FailureEvidence): string[] {
  const suites = evidence.run?.status?.suites ?? [];
  const bad = evidence.reports.flatMap((report) =>
    suites.some((suite) => suite.report === report.metadata.name)
      ? (report.status?.tests ?? []).filter(isBad).map((test) => ({ report, test }))
      : [],
  );
  const silent = suites.filter(
    (suite) =>
      suite.state === 'Finished' &&
      isFailure(suite, evidence.run?.spec.retryPolicy) &&
      !bad.some((each) => each.report.metadata.name === suite.report),
  );
  return [
    ...environmentsIn(evidence).flatMap((each) => explainEnvironment(evidence, each)),
    ...silent.map(
      (suite) =>
        `✘ ${suite.name}: ${suite.verdict ?? 'no verdict'}${suite.reason ? ` (${suite.reason})` : ''}${suite.message ? `: ${suite.message}` : ''}`,
    ),
    ...bad.slice(0, MAX_TESTS).flatMap(({ report, test }) => explainTest(evidence, report, test)),
    ...(bad.length > MAX_TESTS ? [`… and ${bad.length - MAX_TESTS} more failed tests, in run.json`] : []),
  ];
}

/** When a test ran: from the time of its line in the pod's output, else from the report's start and the tests before it. */
export function windowOf(
  report: TestReport,
  test: TestRecord,
  output: string | undefined,
): Window | undefined {
  const printed = readPrintedTests(output ?? '').find(
    (line) => nameOf(line) === nameOf(test) && line.at !== undefined,
  );
  if (printed?.at) {
    const end = Date.parse(printed.at);
    return { from: end - test.seconds * 1000 - MARGIN_MS, to: end + MARGIN_MS };
  }
  const start = Date.parse(report.status?.startedAt ?? '');
  if (Number.isNaN(start)) return undefined;
  const tests = report.status?.tests ?? [];
  const before = tests
    .slice(
      0,
      tests.findIndex((each) => each.id === test.id),
    )
    .reduce((total, each) => total + each.seconds, 0);
  // Hooks are not counted in the tests' seconds, so the true end may be later: up to the report's last word.
  const last = Date.parse(report.status?.finishedAt ?? report.status?.updatedAt ?? '');
  const end = start + (before + test.seconds) * 1000;
  return {
    from: start + before * 1000 - MARGIN_MS,
    to: (Number.isNaN(last) ? end : Math.max(end, last)) + MARGIN_MS,
  };
}

/** Alarming lines of component logs within a window, oldest first, repetitions left out. */
export function alarmsWithin(logs: readonly ContainerLog[], window: Window): string[] {
  const seen = new Set<string>();
  return logs
    .flatMap((log) =>
      log.text.split('\n').flatMap((line) => {
        const { at, text } = splitTimestamp(line);
        if (at === undefined || !ALARMING.test(text) || !within(at, window)) return [];
        return [
          {
            at,
            shown: `${log.component}/${log.container}: ${text.trim().slice(0, 300)}`,
            key: keyOf(log, text),
          },
        ];
      }),
    )
    .sort((a, b) => a.at.localeCompare(b.at))
    .filter(({ key }) => !seen.has(key) && seen.add(key))
    .map(({ at, shown }) => `${at.slice(11, 23)} ${shown}`);
}

function explainTest(evidence: FailureEvidence, report: TestReport, test: TestRecord): string[] {
  const error = (test.error ?? 'no error was recorded').split('\n');
  const window = windowOf(report, test, evidence.outputs.get(report.metadata.name));
  const elsewhere = namespacesElsewhere(evidence, report);
  const components = evidence.logs.filter(
    ({ namespace }) => namespace !== report.metadata.namespace && !elsewhere.has(namespace),
  );
  const alarms = window ? alarmsWithin(components, window) : [];
  const events = window
    ? evidence.events.filter(
        (event) =>
          event.type === 'Warning' &&
          within(timeOf(event), window) &&
          !elsewhere.has(event.metadata.namespace),
      )
    : [];
  return [
    '',
    `✘ ${nameOf(test)} (${test.state})`,
    ...error.slice(0, MAX_ERROR_LINES).map((line) => `    ${line}`),
    ...(error.length > MAX_ERROR_LINES
      ? [`    … ${error.length - MAX_ERROR_LINES} more lines in run.json`]
      : []),
    ...listed('  what the components said then:', alarms, MAX_LOG_LINES),
    ...listed('  events then:', events.map(eventLine), 5),
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
    lines.push(
      `  not ready: ${componentLine(one)}`,
      ...listed('    last events:', events.slice(-3).map(eventLine), 3),
      ...listed(
        '    last alarming lines:',
        alarmsWithin(logs, { from: 0, to: Number.MAX_SAFE_INTEGER }).slice(-5),
        5,
      ),
    );
  }
  return [...lines, ...restarted.map((one) => `  restarted: ${componentLine(one)}`)];
}

function listed(heading: string, lines: readonly string[], most: number): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length > most ? [`    … ${lines.length - most} more in the logs`] : [];
  return [heading, ...lines.slice(0, most).map((line) => `    ${line}`), ...rest];
}

function within(at: string, window: Window): boolean {
  const time = Date.parse(at);
  return time >= window.from && time <= window.to;
}

/** Two lines that differ in digits alone (times, ids, counters) are the same complaint. */
function keyOf(log: ContainerLog, text: string): string {
  return `${log.component}/${log.container} ${text.replace(/[0-9a-f-]{8,}|\d+/g, '#')}`;
}
