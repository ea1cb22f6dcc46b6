import { conditionOf } from '@backendai-e2e/api/conditions';
import {
  type ComponentStatus,
  ENVIRONMENT_CONDITIONS,
  type TestEnvironment,
} from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { RUN_CONDITIONS, type RunSuite, suiteOf } from '@backendai-e2e/api/test-run';
import { seconds } from '@backendai-e2e/results/duration';
import { plainLine } from '@backendai-e2e/results/plain-text';
import { testLine } from '@backendai-e2e/results/printed-output';
import { playChanges, type Reporter } from '@backendai-e2e/results/reporter';
import { runRecord } from '@backendai-e2e/results/run-record';
import { environmentsIn, isReady, type Snapshot } from './follow.ts';

/** Columns for the state of one component, which may quote a long probe message. */
const STATE_WIDTH = 110;
/** Suites that did not pass and are kept in view on a terminal. */
const ENDED_SHOWN = 10;

/**
 * The lines for what changed between two snapshots of a run, oldest first: for output that only grows.
 * Pure; equal snapshots give no line.
 */
export function narrate(before: Snapshot, after: Snapshot): string[] {
  const old = new Map(environmentsIn(before).map((one) => [one.metadata.name, one]));
  const environments = environmentsIn(after);
  const several = environments.length > 1;
  return [
    ...environments.flatMap((one) => narrateEnvironment(old.get(one.metadata.name), one, several)),
    ...narrateRun(before, after),
    ...narrateSuites(before, after),
  ].map(plainLine);
}

/** The lines for the current state of a run: for a terminal, where they replace each other. */
export function stateLines(seen: Snapshot): string[] {
  const ended = (seen.run?.status?.suites ?? []).filter(({ state }) => state === 'Finished');
  const notable = ended.filter(({ verdict }) => verdict !== 'Passed').slice(-ENDED_SHOWN);
  return [...notable.map(suiteLine), ...waitingLines(seen)].map(plainLine);
}

/** The lines for what a run waits for: for a log that has not grown for a while. */
export function waitingLines(seen: Snapshot): string[] {
  const environments = environmentsIn(seen);
  const several = environments.length > 1;
  if (seen.run?.status?.phase !== 'Running') {
    return environments.flatMap((one) => componentLines(one, several));
  }
  const suites = seen.run.status.suites ?? [];
  const ended = suites.filter(({ state }) => state === 'Finished').length;
  const running = suites.filter(({ state }) => state === 'Running');
  return [
    ...running.map((suite) => {
      const report = reportOf(seen.reports, suite);
      return `${titleOf(suite)}: ${countsOf(report)}${report?.status?.current ? `: ${report.status.current}` : ''}`;
    }),
    ...(ended > 0 ? [`${ended} of ${suites.length} suites ended`] : []),
    // Of several, the later ones come up while suites run in the first.
    ...(several ? environments.filter((one) => !isReady(one)).map(comingLine) : []),
  ];
}

/** The number of ready components of an environment, and what the others wait for. */
function componentLines({ metadata, status }: TestEnvironment, several: boolean): string[] {
  const components = status?.components ?? [];
  const waiting = components.filter((one) => !isUp(one));
  const of = several ? ` of ${metadata.name}` : '';
  const ready = `components${of}: ${components.length - waiting.length} of ${components.length} ready`;
  return [
    ...(components.length > 0 ? [ready] : []),
    ...waiting.slice(0, 8).map((one) => `  ${componentLine(one).slice(0, STATE_WIDTH)}`),
  ];
}

function comingLine({ metadata, status }: TestEnvironment): string {
  const ready = conditionOf(status?.conditions, ENVIRONMENT_CONDITIONS.ready);
  return `environment ${metadata.name}: ${ready?.message ?? 'not checked yet'}`.slice(0, STATE_WIDTH);
}

/** A suite, and where it runs when a run has several environments. */
function titleOf(suite: RunSuite): string {
  return suite.environment ? `${suiteOf(suite)} in ${suite.environment}` : suite.name;
}

/** "manager 1/2 ready (reason)". */
export function componentLine(one: ComponentStatus): string {
  const restarts = one.restarts > 0 ? `, ${one.restarts} restarts` : '';
  return `${one.name} ${one.ready}/${one.desired} ready${restarts}${one.message ? ` (${one.message})` : ''}`;
}

/** Whether a component has the pods that its chart requires. */
export function isUp(one: ComponentStatus): boolean {
  return one.ready >= one.desired;
}

function narrateEnvironment(
  before: TestEnvironment | undefined,
  after: TestEnvironment,
  several: boolean,
): string[] {
  const lines: string[] = [];
  for (const type of [ENVIRONMENT_CONDITIONS.deployed, ENVIRONMENT_CONDITIONS.ready]) {
    const was = conditionOf(before?.status?.conditions, type);
    const is = conditionOf(after.status?.conditions, type);
    if (is && (was?.status !== is.status || was.reason !== is.reason)) {
      lines.push(`environment ${after.metadata.name}: ${type} ${is.status} (${is.reason}): ${is.message}`);
    }
  }
  const old = new Map((before?.status?.components ?? []).map((one) => [one.workload, one]));
  const components = after.status?.components ?? [];
  const up = components.filter(isUp).length;
  for (const one of components) {
    const was = old.get(one.workload);
    if (was && was.ready === one.ready && was.desired === one.desired && was.restarts === one.restarts)
      continue;
    // The first snapshot reports components that are half up, but not each part of an environment that already runs.
    if (!was && (one.ready === 0 || (!before && isUp(one)))) continue;
    const where = several ? `${after.metadata.name}: ` : '';
    lines.push(`${where}${componentLine(one)}: ${up} of ${components.length} components ready`);
  }
  return lines;
}

function narrateRun(before: Snapshot, after: Snapshot): string[] {
  const was = before.run?.status?.phase;
  const is = after.run?.status?.phase;
  if (!after.run || !is || was === is) return [];
  const succeeded = conditionOf(after.run.status?.conditions, RUN_CONDITIONS.succeeded);
  return [`run ${after.run.metadata.name}: ${is}${succeeded?.message ? `: ${succeeded.message}` : ''}`];
}

function narrateSuites(before: Snapshot, after: Snapshot): string[] {
  if (!after.run) return [];
  const was = before.run && runRecord({ run: before.run, reports: before.reports });
  const lines: string[] = [];
  playChanges(was, runRecord({ run: after.run, reports: after.reports }), progressReporter(lines));
  return lines;
}

/** Adds a line for each suite that starts or ends and for each test that ends. */
function progressReporter(lines: string[]): Reporter {
  return {
    suiteStarted: (suite) => {
      lines.push(`${titleOf(suite)}: started${suite.attempt > 1 ? `, attempt ${suite.attempt}` : ''}`);
    },
    testEnded: (test, { environment }) => {
      lines.push(`  ${environment ? `${environment} ` : ''}${testLine(test)}`);
    },
    suiteEnded: (suite) => {
      lines.push(suiteLine(suite));
    },
  };
}

function suiteLine(suite: RunSuite): string {
  const counts = suite.counts
    ? ` ${suite.counts.passed} passed, ${suite.counts.failed} failed of ${suite.counts.total}`
    : '';
  const time = suite.seconds === undefined ? '' : ` in ${seconds(suite.seconds)}`;
  const why = suite.verdict === 'Passed' ? '' : `${suite.reason ? ` (${suite.reason})` : ''}`;
  return `${titleOf(suite)}: ${suite.verdict ?? 'ended'}${why}${counts}${time}`;
}

function reportOf(reports: readonly TestReport[], suite: RunSuite): TestReport | undefined {
  return reports.find((report) => report.metadata.name === suite.report);
}

function countsOf(report: TestReport | undefined): string {
  const counts = report?.status?.counts;
  if (!counts) return 'starting';
  const done = counts.passed + counts.failed + counts.pending + counts.interrupted;
  return `${done} of ${counts.total}${counts.failed > 0 ? `, ${counts.failed} failed` : ''}`;
}
