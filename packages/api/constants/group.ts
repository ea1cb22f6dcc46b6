/** The API group of all kinds, and the names that several programs share. */
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

/** The kinds of this project's custom resources. */
export type KindName = keyof typeof KINDS;

/** Labels of the objects that the operator creates. Values are object names, cut to 63 characters. */
export const LABELS = {
  run: `${GROUP}/run`,
  suite: `${GROUP}/suite`,
  attempt: `${GROUP}/attempt`,
  environment: `${GROUP}/environment`,
  /** On a Fault that a suite requests: the attempt, which is the name of its TestReport and ServiceAccount. */
  report: `${GROUP}/report`,
  /** On a TestSuite: its folder under suites/, for example "session-lifecycle". */
  area: `${GROUP}/area`,
} as const;

/** Label that names the Kueue queue of a Job. */
export const KUEUE_QUEUE_LABEL = 'kueue.x-k8s.io/queue-name';

export const FINALIZERS = {
  /** Stays on a TestEnvironment until its Helm release and namespace are gone. */
  environment: `${GROUP}/environment`,
  /** Stays on a Fault until its effect is undone. */
  fault: `${GROUP}/fault`,
} as const;

/** Name of the operator's Deployment, ServiceAccount and Lease, and of the manager of what it creates. */
export const OPERATOR_NAME = 'backendai-e2e-operator';

/** Namespace of the operator, its custom resources and the suites' Jobs, unless the user names another. */
export const OPERATOR_NAMESPACE = 'backendai-e2e';

/** Selector of the operator's pods, as charts/e2e-operator labels them. */
export const OPERATOR_PODS = 'app.kubernetes.io/name=e2e-operator,app.kubernetes.io/component=operator';

/** Field managers for server-side apply: one for each part of a status. */
export const FIELD_MANAGERS = {
  operator: OPERATOR_NAME,
  /** The reporter in the pod of a suite. It owns what it reports in TestReport.status. */
  runner: 'backendai-e2e-runner',
  /**
   * The artifact collector of the operator. Its apply must not remove the fields that the operator applied when it closed the
   * report. The value is the name in earlier versions, whose reports stay owned by it.
   */
  artifactCollector: 'backendai-e2e-archivist',
  /** The writer of the condition Undone of a TestReport. */
  undoer: 'backendai-e2e-undoer',
  /** The writer of TestRun.status.notification. */
  notifier: 'backendai-e2e-notifier',
  cli: 'backendai-e2e-cli',
} as const;

/** Metadata that every object has. */
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

/** An owner in an object's metadata (meta/v1). The garbage collector deletes the object after all of its owners. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** A custom resource as the API server stores it. */
export interface CustomResource<Kind extends string, Spec, Status> {
  apiVersion: typeof API_VERSION;
  kind: Kind;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status;
}
