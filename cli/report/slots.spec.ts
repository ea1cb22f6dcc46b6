import { condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { disagreements, outputNotes } from '@backendai-e2e/results/agreement';
import { comparison } from '@backendai-e2e/results/comparison';
import { junitReporter, readJunit } from '@backendai-e2e/results/junit';
import { markdownReporter } from '@backendai-e2e/results/markdown';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import { reported } from '@backendai-e2e/results/reporter';
import { output, report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { runRecord } from '@backendai-e2e/results/run-record';
import type { TestRecord } from '@backendai-e2e/results/test-record';
import { expect } from 'chai';
import { componentLog } from '../collect/log-fixtures.ts';
import { explainFailure } from './explain.ts';
import { suiteTable } from './terminal-summary.ts';

const red = test('finds nothing', { state: 'failed', error: 'a leak' });
const green = test('finds nothing');
const lines = [
  suite('audit', 'Passed', { environment: 'e2e' }),
  suite('audit-e2e-2', 'Failed', { suite: 'audit', environment: 'e2e-2' }),
];

/** Of a suite that ran in both environments. */
function spread(): { run: TestRun; reports: TestReport[] } {
  const whole = run(lines, { status: 'False', reason: 'SuitesFailed' });
  whole.spec.moreEnvironmentRefs = [{ name: 'e2e-2' }];
  const reports = [report('audit', [green]), report('audit-e2e-2', [red])];
  for (const [index, environment] of ['e2e', 'e2e-2'].entries()) {
    const one = reports[index];
    if (one) one.spec = { ...one.spec, suite: 'audit', environment };
  }
  return { run: whole, reports };
}

describe('the results of a suite that ran in two environments', () => {
  it('appear in JUnit under the name of each line and agree with the output of the pods', () => {
    const whole = spread();
    const junit = reported(junitReporter, runRecord(whole));
    expect([...junit.matchAll(/<testsuite name="([^"]+)"/g)].map(([, name]) => name)).to.deep.equal([
      'audit',
      'audit-e2e-2',
    ]);
    const against = (first: TestRecord, second: TestRecord) =>
      outputNotes(
        whole.reports,
        new Map([
          ['run-audit-1', readPrintedTests(output([first]))],
          ['run-audit-e2e-2-1', readPrintedTests(output([second]))],
        ]),
      );
    expect(disagreements({ ...whole, junit: readJunit(junit) })).to.deep.equal([]);
    expect(against(green, red)).to.deep.equal([]);
    expect(against(red, green)).to.have.length(2);
  });

  it('have their environment in the table and on the page', () => {
    const whole = spread();
    const table = suiteTable(runRecord(whole));
    expect(table[0]).to.match(/^suite +environment +verdict/);
    expect(table.find((line) => line.startsWith('audit-e2e-2'))).to.match(/audit-e2e-2 +e2e-2 +Failed/);
    const alone = runRecord({ run: run([suite('alpha', 'Passed')]), reports: [] });
    expect(suiteTable(alone)[0]).to.match(/^suite +verdict/);
    const page = reported(markdownReporter, runRecord(whole));
    expect(page).to.include('in e2e, e2e-2').and.include('| audit-e2e-2 (e2e-2) |');
  });

  it('are compared line by line', () => {
    const before = spread();
    const [, second] = before.reports;
    if (second?.status) second.status.tests = [green];
    const result = comparison(runRecord(before), runRecord(spread()));
    expect(result.broke.map((change) => change.suite)).to.deep.equal(['audit-e2e-2']);
    expect([result.added, result.gone]).to.deep.equal([[], []]);
  });

  it('are explained with logs and events of the environment of the failure alone', () => {
    const environment = (name: string) => {
      const conditions = [condition('Ready', 'False', 'Waiting', name)];
      return testEnvironment(name, { status: { namespace: `bai-${name}`, conditions } });
    };
    const log = (namespace: string) =>
      componentLog('manager', [`2026-01-01T00:00:00.7Z ERROR said in ${namespace}`], { namespace });
    const events = ['bai-e2e', 'bai-e2e-2'].map((namespace) => ({
      ...{ metadata: { namespace }, type: 'Warning', reason: 'Seen', message: `in ${namespace}` },
      lastTimestamp: '2026-01-01T00:00:00.7Z',
      involvedObject: { kind: 'Pod', name: 'p' },
    }));
    const told = explainFailure({
      ...spread(),
      environment: environment('e2e'),
      moreEnvironments: [environment('e2e-2')],
      logs: [log('bai-e2e'), log('bai-e2e-2')],
      events,
      printed: new Map([['run-audit-e2e-2-1', readPrintedTests(output([red]))]]),
    });
    expect(told.slice(0, 2)).to.deep.equal([
      'environment e2e not ready (Waiting): e2e',
      'environment e2e-2 not ready (Waiting): e2e-2',
    ]);
    const text = told.join('\n');
    expect(text).to.include('said in bai-e2e-2').and.include('Seen: in bai-e2e-2');
    expect(text).not.to.match(/said in bai-e2e$/m);
    expect(text).not.to.match(/Seen: in bai-e2e$/m);
  });
});
