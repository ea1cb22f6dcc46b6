/** The API group of every kind, and the names that more than one program must agree on. */
export const GROUP = 'e2e.backend.ai';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

export const KINDS = {
  TestEnvironment: {
    kind: 'TestEnvironment',
    plural: 'testenvironments',
    singular: 'testenvironment',
    shortNames: ['tenv'],
  },
  TestSuite: { kind: 'TestSuite', plural: 'testsuites', singular: 'testsuite', shortNames: ['tsuite'] },
  TestRun: { kind: 'TestRun', plural: 'testruns', singular: 'testrun', shortNames: ['trun'] },
  TestReport: { kind: 'TestReport', plural: 'testreports', singular: 'testreport', shortNames: ['treport'] },
  Fault: { kind: 'Fault', plural: 'faults', singular: 'fault', shortNames: ['tfault'] },
} as const;
export type KindName = keyof typeof KINDS;

/** Labels that the operator puts on what it creates; values are object names cut to 63 characters. */
export const LABELS = {
  run: `${GROUP}/run`,
  suite: `${GROUP}/suite`,
  attempt: `${GROUP}/attempt`,
  environment: `${GROUP}/environment`,
  /** On a Fault that a suite asked for: the attempt, which is the name of its TestReport and ServiceAccount. */
  report: `${GROUP}/report`,
  /** On a TestSuite: the folder under suites/, for example "session-lifecycle". */
  area: `${GROUP}/area`,
} as const;

/** Label by which Kueue finds the queue of a Job. */
export const KUEUE_QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';

export const FINALIZERS = {
  /** Held by a TestEnvironment until its Helm release and namespace are gone. */
  environment: `${GROUP}/environment`,
  /** Held by a Fault until what it did is undone. */
  fault: `${GROUP}/fault`,
} as const;

/** Field managers of server-side apply: one owner for each part of a status. */
export const FIELD_MANAGERS = {
  operator: 'backendai-e2e-operator',
  /** The reporter in a suite's pod; owns everything it reports in TestReport.status. */
  runner: 'backendai-e2e-runner',
  /** The operator as the artifact server: what it applies here must not take back what it applied when it closed a report. */
  artifactCollector: 'backendai-e2e-archivist',
  /** TestRun.status.notification. */
  notifier: 'backendai-e2e-notifier',
  cli: 'backendai-e2e-cli',
} as const;

/** What every object of ours carries. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** A custom resource as the API server holds it. */
export interface CustomResource<Kind extends string, Spec, Status> {
  apiVersion: typeof API_VERSION;
  kind: Kind;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status;
}
