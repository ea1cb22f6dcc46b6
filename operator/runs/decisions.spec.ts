import type { Fault } from '@backendai-e2e/api/fault';
import { LIMITS } from '@backendai-e2e/api/limits';
import { testEnvironment, testReport, testRun, testSuite } from '@backendai-e2e/api/object-fixtures';
import { FaultSpec } from '@backendai-e2e/api/schemas/fault';
import { TestEnvironmentSpec, TestEnvironmentStatus } from '@backendai-e2e/api/schemas/test-environment';
import { TestReportStatus } from '@backendai-e2e/api/schemas/test-report';
import { TestRunSpec } from '@backendai-e2e/api/schemas/test-run';
import { TestSuiteSpec } from '@backendai-e2e/api/schemas/test-suite';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { historyRecord } from '@backendai-e2e/results/history/derive';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { type Schema, valuesOf } from '@backendai-e2e/tools/fuzz/from-schema';
import { expect } from 'chai';
import fc from 'fast-check';
import { attemptJob } from '../attempts/attempt-job.ts';
import { refusalOf } from '../faults/accept.ts';
import { transformReport } from '../reports/cache-transform.ts';
import { foldSuite } from '../reports/fold.ts';
import { planRun } from './plan.ts';
import { later, START } from './plan-fixtures.ts';

const CASES = { numRuns: 10_000 };

/** Values of a schema as its kind has them; the API server lets no others through. */
function values<T>(schema: object): fc.Arbitrary<T> {
  // The cast: the schema is that of the type. The copy drops what TypeBox adds for the compiler.
  return valuesOf(JSON.parse(JSON.stringify(schema)) as Schema) as fc.Arbitrary<T>;
}

const suite = fc
  .tuple(fc.constantFrom('alpha', 'beta', 'alpha-env'), values<TestSuite['spec']>(TestSuiteSpec))
  .map(([name, spec]) => testSuite(name, { spec }));
const suites = fc.uniqueArray(suite, { maxLength: 3, selector: ({ metadata }) => metadata.name });
const report = fc
  .tuple(
    fc.constantFrom('alpha', 'beta'),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(undefined, 'env', 'other'),
    values<TestReport['status']>(TestReportStatus),
  )
  .map(([name, attempt, environment, status]) =>
    testReport(name, {
      metadata: { creationTimestamp: later(attempt).toISOString() },
      spec: { attempt, ...(environment ? { environment } : {}) },
      status,
    }),
  );
const reports = fc.uniqueArray(report, { maxLength: 3, selector: ({ metadata }) => metadata.name });
const run = values<TestRun['spec']>(TestRunSpec).map((spec) =>
  testRun('run', {
    metadata: { uid: 'run', generation: 1, creationTimestamp: START.toISOString() },
    spec: { ...spec, environmentRef: { name: 'env' }, suites: spec.suites?.matchLabels ? spec.suites : {} },
  }),
);
const environment = fc
  .tuple(
    values<TestEnvironment['spec']>(TestEnvironmentSpec),
    values<TestEnvironment['status']>(TestEnvironmentStatus),
  )
  .map(([spec, status]) => testEnvironment('env', { metadata: { generation: 1 }, spec, status }));

describe('decisions about objects that the API server has let through', function () {
  this.timeout(LAST_RESORT_MS);

  it('about a run are a plan with a sentence, the same for the same objects', () => {
    const seen = fc.record({ run, suites, environment: fc.option(environment, { nil: undefined }) });
    fc.assert(
      fc.property(seen, fc.array(report, { maxLength: 1 }), fc.nat(10_000), (objects, some, seconds) => {
        const world = { ...objects, reports: some, others: [], now: later(seconds), runsPerUser: 3 };
        const plan = planRun(world);
        expect(plan.status.conditions?.every(({ message }) => message !== '')).to.equal(true);
        expect(Buffer.byteLength(JSON.stringify(plan.status))).to.be.at.most(LIMITS.runBytes);
        expect(planRun(structuredClone(world))).to.deep.equal(plan);
        for (const each of plan.start) {
          const job = attemptJob({
            ...{ name: each.name, namespace: 'ns', labels: {}, run: 'run', environment: each.environment },
            ...{ owner: { apiVersion: 'v1', kind: 'TestRun', name: 'run', uid: 'run' }, since: each.since },
            ...{ suite: each.suite.metadata.name, attempt: each.attempt, spec: each.suite.spec },
            ...{ grep: world.run.spec.grep, rounds: undefined, queueName: undefined, connectionSecret: 'c' },
          });
          expect(job.spec?.activeDeadlineSeconds).to.be.greaterThan(0);
        }
      }),
      CASES,
    );
  });

  it('about the reports of a suite are one line with a verdict, from the cache as from the objects', () => {
    fc.assert(
      fc.property(reports, fc.nat(3), (all, retries) => {
        const own = all.filter(({ spec }) => spec.suite === 'alpha');
        const folded = foldSuite('alpha', own, retries);
        if (folded.line.state === 'Finished')
          expect(VERDICT_POLICY).to.have.property(folded.line.verdict ?? '');
        const cached = own.map(transformReport);
        expect(foldSuite('alpha', cached, retries).line.verdict).to.equal(folded.line.verdict);
        for (const each of cached)
          expect(Buffer.byteLength(JSON.stringify(each))).to.be.lessThan(2 * LIMITS.reportBytes);
      }),
      CASES,
    );
  });

  it('about the record of a run never fail', () => {
    const tested = { environments: [], images: [], command: { version: '' } };
    fc.assert(
      fc.property(fc.array(report, { maxLength: 1 }), run, (all, of) => {
        const status = {
          ...planRun({ run: of, suites: [], environment: undefined, reports: all, others: [], now: START })
            .status,
        };
        historyRecord({
          run: { ...of, status: { ...status, startedAt: START.toISOString() } },
          reports: all,
          tested,
        });
      }),
      CASES,
    );
  });

  it('about a fault are a refusal with a reason and a sentence, or none', () => {
    const fault = values<Fault['spec']>(FaultSpec).map((spec) => ({
      ...{ apiVersion: 'e2e.backend.ai/v1alpha1' as const, kind: 'Fault' as const, spec },
      metadata: { name: 'fault', namespace: 'ns' },
    }));
    const absent = { deployedIn: undefined, report: undefined, run: undefined, suite: undefined };
    fc.assert(
      fc.property(fault, fc.option(environment, { nil: undefined }), (asked, where) => {
        const refusal = refusalOf({ fault: asked, environment: where, ...absent });
        // Nothing of its own is deployed anywhere here.
        expect(refusal?.reason).to.match(/^[A-Z][A-Za-z]+$/);
        expect(refusal?.message).to.match(/\w+ \w+/);
      }),
      CASES,
    );
  });
});
