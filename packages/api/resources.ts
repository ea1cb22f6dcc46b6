import { API_VERSION, KINDS, type ObjectMeta, type OwnerReference } from './constants/group.ts';
import type { Fault } from './fault.ts';
import type { TestEnvironment } from './test-environment.ts';
import type { TestReport } from './test-report.ts';
import type { TestRun } from './test-run.ts';
import type { TestSuite } from './test-suite.ts';

/** A kind, as the Kubernetes client needs it. `objects` is never set: it only carries the type of the objects. */
interface Resource<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly objects?: T;
}

/** The kinds of the API group. */
export const TEST_ENVIRONMENTS: Resource<TestEnvironment> = resource('TestEnvironment');
export const TEST_SUITES: Resource<TestSuite> = resource('TestSuite');
export const TEST_RUNS: Resource<TestRun> = resource('TestRun');
export const TEST_REPORTS: Resource<TestReport> = resource('TestReport');
export const FAULTS: Resource<Fault> = resource('Fault');

function resource(kind: keyof typeof KINDS) {
  return { apiVersion: API_VERSION, kind, plural: KINDS[kind].plural };
}

/** The controlling owner reference to an object. Throws for an object without UID, which was never stored. */
export function ownerReference(owner: { kind: keyof typeof KINDS; metadata: ObjectMeta }): OwnerReference {
  const { name, uid } = owner.metadata;
  if (!uid) throw new Error(`${owner.kind} ${name} has no UID: read it from the API server first`);
  return { apiVersion: API_VERSION, kind: owner.kind, name, uid, controller: true };
}
