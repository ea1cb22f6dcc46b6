import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { TEST_STATES } from '@backendai-e2e/api/verdict';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { attemptContext, testContext } from '@backendai-e2e/results/trace-ids';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { expect } from 'chai';
import { traceOf } from './run-trace.ts';

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString();
const error = `AssertionError: expected 1
Last requests:
  ${at(12)} POST /folders {"name":"x"}
    → 500 broke (0.500 s)
    at file:///app/dist/suites/area/one.js:1:1`;

/** A run with a failed attempt, its exchange, a hook and a Fault. */
function fileOf(more: { uid?: string } = {}) {
  const tests = [
    test('passes', { startedAt: at(10), seconds: 1 }),
    test('fails', { startedAt: at(11), seconds: 2, state: 'failed', error }),
    test('never began', { state: 'interrupted' }),
  ];
  const status = {
    ...{ startedAt: at(9), finishedAt: at(20), verdict: 'Failed' as const, reason: 'TestsFailed' },
    hooks: [{ file: 'area/one', title: '"before all" hook', startedAt: at(9.5), seconds: 0.25 }],
  };
  const one = report('s', tests, status);
  const whole = run([suite('s', 'Failed')], { status: 'False', reason: 'SuitesFailed' });
  const fault = {
    ...{ apiVersion: API_VERSION, kind: 'Fault' },
    metadata: { name: 'f', namespace: 'ns', labels: { [LABELS.report]: one.metadata.name } },
    spec: { environmentRef: { name: 'e2e' }, target: { component: 'manager' }, podDelete: {} },
    status: { injectedAt: at(11.5), healedAt: at(13), seenHealedAt: at(14) },
  };
  const objects = {
    run: {
      ...whole,
      metadata: { ...whole.metadata, uid: more.uid ?? 'run-uid' },
      status: { ...whole.status, startedAt: at(0), finishedAt: at(30), verdict: 'Failed' },
    },
    reports: [{ ...one, metadata: { ...one.metadata, uid: 'report-uid' } }],
    faults: [fault],
  };
  return readRunFile(JSON.stringify(objects), 'run.json');
}

describe('the trace of a run', () => {
  it('is the run, below it the attempt, below that tests, hooks and Faults, then exchanges', () => {
    const { spans } = traceOf(fileOf());
    const nameOf = (id: string | undefined) => spans.find((span) => span.id === id)?.name;
    const tree = spans.map((span) => [nameOf(span.parent), span.name, (span.end - span.start) / 1000]);
    expect(tree).to.deep.equal([
      [undefined, 'RUN backendai-e2e', 30],
      ['RUN backendai-e2e', 's', 11],
      ['s', 'passes', 1],
      ['s', 'fails', 2],
      ['fails', 'POST /folders', 0.5],
      ['s', '"before all" hook', 0.25],
      ['s', 'fault podDelete manager', 2.5],
    ]);
    expect(new Set(spans.map(({ id }) => id)).size).to.equal(spans.length);
  });

  it('has each test where the runner placed it, so that spans of Backend.AI come below it', () => {
    const file = fileOf();
    const { id, spans } = traceOf(file);
    const attempt = attemptContext('run-uid', 'report-uid');
    expect([id, spans[1]?.id]).to.deep.equal([attempt.trace, attempt.span]);
    const [first] = file.reports[0]?.status?.tests ?? [];
    expect(spans[2]).to.deep.include({ name: 'passes', id: testContext(attempt, first?.id ?? '').span });
  });

  it('says what failed and why', () => {
    const spans = new Map(traceOf(fileOf()).spans.map((span) => [span.name, span]));
    expect(spans.get('RUN backendai-e2e')).to.deep.include({ failure: 'SuitesFailed: because SuitesFailed' });
    expect(spans.get('s')?.attributes).to.include({
      ...{ 'test.suite.run.status': 'failure', 'cicd.pipeline.task.run.result': 'failure' },
      ...{ 'cicd.pipeline.task.run.id': 'report-uid', 'e2e.attempt': 1, 'e2e.environment': 'e2e' },
    });
    expect(spans.get('passes')?.failure).to.equal(undefined);
    expect(spans.get('fails')).to.deep.include({
      failure: 'AssertionError: expected 1',
      exception: { message: 'AssertionError: expected 1', text: error },
    });
    expect(spans.get('POST /folders')?.attributes).to.include({ 'http.response.status_code': 500 });
  });

  it('is the same each time, and another one for another run', () => {
    expect(traceOf(fileOf())).to.deep.equal(traceOf(fileOf()));
    expect(traceOf(fileOf({ uid: 'other' })).id).not.to.equal(traceOf(fileOf()).id);
    expect(traceOf(fileOf()).id).to.match(/^[0-9a-f]{32}$/);
    for (const { id } of traceOf(fileOf()).spans) expect(id).to.match(/^[0-9a-f]{16}$/);
  });

  it('uses the names of OpenTelemetry, or its own prefix', () => {
    const known = new Set<unknown>(Object.values(conventions));
    const { spans, resource } = traceOf(fileOf());
    const names = [...spans.flatMap(({ attributes }) => Object.keys(attributes)), ...Object.keys(resource)];
    expect([...new Set(names)].filter((name) => !known.has(name) && !name.startsWith('e2e.'))).to.deep.equal(
      [],
    );
    const listed = ['cicd.pipeline.result', 'test.case.result.status', 'test.suite.run.status'] as const;
    for (const name of listed) {
      for (const { attributes } of spans) {
        if (attributes[name] !== undefined)
          expect(known.has(attributes[name]), String(attributes[name])).to.equal(true);
      }
    }
  });

  it('passes or fails each test as its state says', () => {
    const tests = TEST_STATES.map((state) => test(state, { state, startedAt: at(1), error: 'x' }));
    const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', tests, { startedAt: at(0) })] };
    const { spans } = traceOf(readRunFile(JSON.stringify(objects), 'run.json'));
    const results = spans
      .slice(2)
      .map(({ name, attributes }) => [name, attributes['test.case.result.status']]);
    expect(results).to.deep.equal([
      ['passed', 'pass'],
      ['failed', 'fail'],
      ['pending', undefined],
      ['interrupted', 'fail'],
      ['inconclusive', 'fail'],
      ['known-issue', undefined],
    ]);
  });

  it('has no spans for a run that never began, and no control characters', () => {
    const none = { run: run([]), reports: [] };
    expect(traceOf(readRunFile(JSON.stringify(none), 'run.json')).spans).to.deep.equal([]);
    const hostile = test('\u001b[31m red\u202e', {
      startedAt: at(1),
      state: 'failed',
      error: '\u0000\u001b]0;x\u0007',
    });
    const objects = {
      run: run([suite('s', 'Failed')]),
      reports: [report('s', [hostile], { startedAt: at(0) })],
    };
    const text = JSON.stringify(traceOf(readRunFile(JSON.stringify(objects), 'run.json')));
    expect(text).not.to.match(/\\u00[01]|\u202e/);
  });
});
