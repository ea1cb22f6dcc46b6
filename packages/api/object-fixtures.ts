import type { Condition } from './conditions.ts';
import { API_VERSION } from './constants/group.ts';
import type { ComponentStatus, TestEnvironment } from './test-environment.ts';
import type { TestReport } from './test-report.ts';
import type { TestRun } from './test-run.ts';
import type { TestSuite } from './test-suite.ts';

/** Custom resources as the API server holds them, for specs. The last argument of each function replaces or adds fields. */

/** The instant of every transition and creation, unless a spec says another. */
export const FIXTURE_TIME = '2026-01-01T00:00:00Z';

/** Fields of an object. Those of metadata and spec are added to the usual ones. */
interface Fields<T extends { metadata: object; spec: object; status?: unknown }> {
  metadata?: Partial<T['metadata']>;
  spec?: Partial<T['spec']>;
  status?: T['status'] | undefined;
}

/** A TestRun in environment "e2e". */
export function testRun(name: string, { metadata, spec, status }: Fields<TestRun> = {}): TestRun {
  return {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { name, namespace: 'ns', ...metadata },
    spec: { environmentRef: { name: 'e2e' }, ...spec },
    ...(status ? { status } : {}),
  };
}

/** A TestSuite with one file. */
export function testSuite(name: string, { metadata, spec, status }: Fields<TestSuite> = {}): TestSuite {
  return {
    apiVersion: API_VERSION,
    kind: 'TestSuite',
    metadata: { name, namespace: 'ns', ...metadata },
    spec: { files: ['a'], image: 'i', ...spec },
    ...(status ? { status } : {}),
  };
}

/** The TestReport of the first attempt of a suite in run "run". */
export function testReport(suite: string, { metadata, spec, status }: Fields<TestReport> = {}): TestReport {
  const attempt = { run: 'run', suite, attempt: 1, ...spec };
  return {
    apiVersion: API_VERSION,
    kind: 'TestReport',
    metadata: { name: `${attempt.run}-${suite}-${attempt.attempt}`, namespace: 'ns', ...metadata },
    spec: attempt,
    ...(status ? { status } : {}),
  };
}

/** A TestEnvironment that is deployed from a chart. */
export function testEnvironment(
  name: string,
  { metadata, spec, status }: Fields<TestEnvironment> = {},
): TestEnvironment {
  return {
    apiVersion: API_VERSION,
    kind: 'TestEnvironment',
    metadata: { name, namespace: 'ns', ...metadata },
    spec: spec ?? { chart: { name: 'c' } },
    ...(status ? { status } : {}),
  };
}

/** A condition since {@link FIXTURE_TIME}. */
export function condition(
  type: string,
  status: Condition['status'],
  reason = 'x',
  message = reason,
): Condition {
  return { type, status, reason, message, lastTransitionTime: FIXTURE_TIME };
}

/** A component with this number of ready pods out of two. */
export function component(name: string, ready: number, more: Partial<ComponentStatus> = {}): ComponentStatus {
  return { name, workload: `Deployment/${name}`, ready, desired: 2, restarts: 0, ...more };
}
