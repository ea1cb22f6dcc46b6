import { actionOf, type Fault } from '@backendai-e2e/api/fault';
import { LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentOf, RUN_REASONS, type TestRun } from '@backendai-e2e/api/test-run';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { exchangesIn } from '@backendai-e2e/results/exchanges';
import { plainLine, printable } from '@backendai-e2e/results/plain-text';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import { runRecord } from '@backendai-e2e/results/run-record';
import { firstLine, isBad, type TestRecord } from '@backendai-e2e/results/test-record';
import {
  attemptContext,
  spanIdOf,
  type TraceContext,
  testContext,
  traceIdOf,
} from '@backendai-e2e/results/trace-ids';
import type { Span, Trace, Value } from './span.ts';

/** Name of this project in traces. */
const SERVICE = 'backendai-e2e';

/**
 * A run as a trace. Below the run is each attempt, and below that its tests, hooks and Faults. Below a failed test are the HTTP
 * exchanges that its error lists. Names of attributes are OpenTelemetry's for CI and tests, where it has one. What never began
 * has no span. Pure.
 */
export function traceOf(file: WholeRunFile): Trace {
  const { run, reports, tested } = file;
  const uid = run.metadata.uid ?? run.metadata.name;
  const record = runRecord(file);
  const start = millis(run.status?.startedAt) ?? millis(run.metadata.creationTimestamp);
  const attempts = reports.flatMap((report) => attemptSpans(file, report, uid));
  const ends = attempts.map(({ end }) => end);
  const from = start ?? Math.min(...attempts.map((span) => span.start));
  if (!Number.isFinite(from)) return { id: traceIdOf(uid), resource: {}, spans: [] };
  const failure = record.succeeded?.status === 'False' ? record.succeeded : undefined;
  const root: Span = {
    id: spanIdOf(uid),
    name: `RUN ${SERVICE}`,
    kind: 'server',
    start: from,
    end: Math.max(from, millis(run.status?.finishedAt) ?? Math.max(from, ...ends)),
    attributes: texts({
      'cicd.pipeline.name': SERVICE,
      'cicd.pipeline.action.name': 'RUN',
      'cicd.pipeline.run.id': uid,
      'cicd.pipeline.result': resultOf(run),
      'e2e.run': run.metadata.name,
      'e2e.verdict': record.verdict,
      'e2e.backend_ai': record.backendAi.join(', '),
    }),
    ...(failure ? { failure: plainLine(`${failure.reason}: ${failure.message}`) } : {}),
  };
  return {
    id: traceIdOf(uid),
    resource: texts({
      'service.name': SERVICE,
      'service.version': tested?.command.version,
      'k8s.namespace.name': run.metadata.namespace,
    }),
    spans: [root, ...attempts],
  };
}

function attemptSpans(file: WholeRunFile, report: TestReport, runUid: string): Span[] {
  const { metadata, spec, status = {} } = report;
  const uid = metadata.uid ?? metadata.name;
  const start = millis(status.startedAt);
  if (start === undefined) return [];
  const context = attemptContext(runUid, uid);
  const [id, parent] = [context.span, spanIdOf(runUid)];
  const below = [
    ...(status.tests ?? []).flatMap((test) => testSpans(test, spec.suite, context)),
    ...(status.hooks ?? []).map(({ title, file: suiteFile, startedAt, seconds }, index) => ({
      ...{ id: spanIdOf(uid, 'hook', String(index)), parent: id, kind: 'internal' as const },
      name: plainLine(title),
      ...timesOf(startedAt, seconds),
      attributes: texts({ 'code.file.path': `suites/${suiteFile}.ts` }),
    })),
    ...file.faults
      .filter((fault) => fault.metadata.labels?.[LABELS.report] === metadata.name)
      .flatMap((fault) => faultSpan(fault, id)),
  ];
  const end = Math.max(start, millis(status.finishedAt) ?? 0, ...below.map((span) => span.end));
  const { verdict, reason, message } = status;
  return [
    {
      ...{ id, parent, name: plainLine(spec.suite), kind: 'internal', start, end },
      attributes: {
        ...texts({
          'cicd.pipeline.task.name': spec.suite,
          'cicd.pipeline.task.run.id': uid,
          'cicd.pipeline.task.run.result': verdict && TASK_RESULTS[verdict],
          'cicd.pipeline.task.type': 'test',
          'test.suite.name': spec.suite,
          'test.suite.run.status':
            reason === 'DeadlineExceeded' ? 'timed_out' : verdict && SUITE_STATUSES[verdict],
          'e2e.environment': environmentOf(file.run, spec),
          'e2e.verdict': verdict,
          'e2e.backend_ai': status.backendAi,
        }),
        'e2e.attempt': spec.attempt,
      },
      ...(verdict && TASK_RESULTS[verdict] === 'failure'
        ? { failure: plainLine([reason ?? verdict, message].filter(Boolean).join(': ')) }
        : {}),
    },
    ...below,
  ];
}

function testSpans(test: TestRecord, suite: string, attempt: TraceContext): Span[] {
  if (millis(test.startedAt) === undefined) return [];
  const id = testContext(attempt, test.id).span;
  const bad = isBad(test);
  const times = timesOf(test.startedAt, test.seconds);
  return [
    {
      ...{ id, parent: attempt.span, name: plainLine(test.title), kind: 'internal' },
      ...times,
      attributes: texts({
        'test.case.name': test.title,
        'test.case.result.status': bad ? 'fail' : test.state === 'passed' ? 'pass' : undefined,
        'test.suite.name': suite,
        'code.file.path': `suites/${test.file}.ts`,
        'e2e.test.id': test.id,
        'e2e.test.state': test.state,
      }),
      ...(bad ? { failure: plainLine(firstLine(test.error)) || test.state } : {}),
      ...(test.error
        ? { exception: { message: plainLine(firstLine(test.error)), text: printable(test.error) } }
        : {}),
    },
    ...exchangesIn(test.error ?? '').map(
      ({ at, method, path, status, seconds, times: count }, index): Span => {
        const refused = status === undefined || status >= 400;
        return {
          ...{ id: spanIdOf(id, String(index)), parent: id, kind: 'client' },
          name: plainLine(`${method} ${path}`),
          ...{ start: at - seconds * 1000, end: at },
          attributes: {
            ...texts({ 'http.request.method': method, 'url.path': path }),
            ...(status === undefined ? {} : { 'http.response.status_code': status }),
            ...(count > 1 ? { 'e2e.exchange.times': count } : {}),
          },
          ...(refused ? { failure: status === undefined ? 'no answer' : `answered with ${status}` } : {}),
        };
      },
    ),
  ];
}

function faultSpan({ metadata, spec, status }: Fault, parent: string): Span[] {
  const start = millis(status?.injectedAt);
  if (start === undefined) return [];
  const end = millis(status?.seenHealedAt) ?? millis(status?.healedAt) ?? start;
  const action = actionOf(spec);
  const { component } = spec.target;
  return [
    {
      ...{ id: spanIdOf(metadata.uid ?? metadata.name), parent, kind: 'internal', start, end },
      name: plainLine(`fault ${action} ${component}`),
      attributes: texts({
        'e2e.fault': metadata.name,
        'e2e.fault.action': action,
        'e2e.component': component,
      }),
    },
  ];
}

/** cicd.pipeline.task.run.result by verdict: https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/ */
const TASK_RESULTS: Readonly<Record<Verdict, string>> = {
  ...{ Passed: 'success', Flaky: 'success', KnownIssue: 'success', Skipped: 'skip' },
  ...{ Failed: 'failure', NoTests: 'failure', Inconclusive: 'failure', Interrupted: 'failure' },
};

/** test.suite.run.status by verdict: https://opentelemetry.io/docs/specs/semconv/registry/attributes/test/ */
const SUITE_STATUSES: Readonly<Record<Verdict, string>> = {
  ...{ Passed: 'success', Flaky: 'success', KnownIssue: 'success', Skipped: 'skipped' },
  ...{ Failed: 'failure', NoTests: 'failure', Inconclusive: 'failure', Interrupted: 'aborted' },
};

/** Reasons of Succeeded that are no failures of suites. */
const RESULTS: Readonly<Record<string, string>> = {
  [RUN_REASONS.allPassed]: 'success',
  [RUN_REASONS.suitesFailed]: 'failure',
  [RUN_REASONS.cancelled]: 'cancellation',
  [RUN_REASONS.timedOut]: 'timeout',
  [RUN_REASONS.missedStart]: 'timeout',
};

/** cicd.pipeline.result; undefined before the run has ended. */
function resultOf(run: TestRun): string | undefined {
  const { succeeded } = runRecord({ run, reports: [] });
  if (!succeeded || succeeded.status === 'Unknown') return undefined;
  return RESULTS[succeeded.reason] ?? (succeeded.status === 'True' ? 'success' : 'error');
}

function timesOf(startedAt: string | undefined, seconds: number): { start: number; end: number } {
  const start = millis(startedAt) ?? 0;
  return { start, end: start + seconds * 1000 };
}

/** The attributes that have a value, printable. */
function texts(values: Readonly<Record<string, string | undefined>>): Record<string, Value> {
  const known = Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return Object.fromEntries(known.map(([key, value]) => [key, plainLine(value)]));
}

function millis(at: string | undefined): number | undefined {
  const time = Date.parse(at ?? '');
  return Number.isNaN(time) ? undefined : time;
}
