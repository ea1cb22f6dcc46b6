import { SUITE_DEFAULTS } from '@backendai-e2e/api/defaults';
import { KUEUE_QUEUE_LABEL, LABELS, OPERATOR_NAME, type OwnerReference } from '@backendai-e2e/api/group';
import { CONNECTION_MOUNT, RUNNER_ENV, UNDO_FILE } from '@backendai-e2e/api/runner-contract';
import { CONNECTION_KEY, type TestEnvironmentSpec } from '@backendai-e2e/api/test-environment';
import type { DeploymentChange } from '@backendai-e2e/api/test-report';
import type { TestSuiteSpec } from '@backendai-e2e/api/test-suite';
import type { Job } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';
import type { AttemptIdentity } from './attempt-access.ts';

/** What the operator's settings add to the pods of suites, as in a pod. */
export interface SuitePods {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  nodeSelector?: Record<string, string>;
  tolerations?: object[];
  affinity?: object;
  priorityClassName?: string;
}

/** The inputs of an attempt's Job. */
export interface JobInput extends AttemptIdentity {
  run: string;
  environment: string;
  suite: string;
  attempt: number;
  /** When the run's first attempt was made, RFC 3339. */
  since: string;
  /** What earlier attempts noted as changed, for the audit of the run. */
  changes?: readonly DeploymentChange[] | undefined;
  spec: TestSuiteSpec;
  grep: string | undefined;
  /** TestRun.spec.rounds. */
  rounds: number | undefined;
  /** LocalQueue of Kueue that lets the Job start; undefined: it starts at once. */
  queueName: string | undefined;
  /** The place of the attempt in the trace of its run, as the header `traceparent`. */
  traceparent?: string | undefined;
  /** Secret with connection.json in the run's namespace; undefined: the suite gets no connection. */
  connectionSecret: string | undefined;
  /** The operator's settings. */
  pods?: SuitePods | undefined;
}

/** A suite as it runs in an environment: that may name the image with the programs of its Backend.AI. Pure. */
export function specIn(
  environment: Pick<TestEnvironmentSpec, 'runtimeImage'> | undefined,
  suite: TestSuiteSpec,
): TestSuiteSpec {
  const own = environment?.runtimeImage;
  return own === undefined || suite.runtimeImage === undefined ? suite : { ...suite, runtimeImage: own };
}

/** Seconds to undo what an attempt left changed. */
const UNDO_SECONDS = 300;
/** A manager or a node may come back meanwhile. */
const UNDO_RETRIES = 2;

/** Name of the runner's container. */
export const RUNNER_CONTAINER = 'suite';

/**
 * Seconds that the Job gets beyond the suite's own, so that the runner ends first and reports its results. The Job's time
 * counts from its start, the runner's from the end of the image pull. So 90 s allow for a failing pull, as in
 * reports/close.ts. The runner's clean-up and last write get 30 s.
 */
export const JOB_MARGIN_SECONDS = 120;

/** The user that the suites' image runs as. */
const RUNNER_UID = 65532;

/** Default resources: Node 24 with Mocha needs about 120 MiB. */
export const DEFAULT_RESOURCES = {
  requests: { cpu: '100m', memory: '160Mi' },
  limits: { memory: '512Mi' },
};

const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The folder with the code in the suites' image, and in another image that it is copied into. */
const APP = '/app';

/** Variables that the suites' image sets for itself (images/node-runtime) and another image lacks. */
const BROUGHT_ENV = [
  { name: 'NODE_ENV', value: 'production' },
  { name: 'HOME', value: '/tmp' },
  { name: 'NODE_COMPILE_CACHE', value: `${APP}/compile-cache` },
];

/**
 * Exit code that containerd reports for a container that it could not start (errorStartExitCode of its CRI plugin). The cause
 * is runc, which cannot always freeze the processes of a version 1 cgroup on a busy machine. Neither the runner nor a signal
 * ends with this code.
 */
export const NOT_STARTED_EXIT = 128;

/**
 * The Job of one attempt. It restarts nothing (backoffLimit 0), because retries are attempts of the run. It has no TTL: its pod
 * stays until the run is deleted, because logs are read from it. It passes Pod Security "restricted".
 */
export function attemptJob(input: JobInput): Intent<Job> {
  const { name, namespace, labels, owner, spec } = input;
  const timeoutSeconds = spec.timeoutSeconds ?? SUITE_DEFAULTS.timeoutSeconds;
  const connection = input.connectionSecret;
  const brought = spec.runtimeImage !== undefined;
  return {
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...(input.queueName ? { [KUEUE_QUEUE_LABEL]: input.queueName } : {}) },
      ownerReferences: [owner],
    },
    spec: {
      // Kueue resumes the Job when its queue has room. Time limits count from then.
      ...(input.queueName ? { suspend: true } : {}),
      backoffLimit: 0,
      activeDeadlineSeconds: timeoutSeconds + JOB_MARGIN_SECONDS,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          // An eviction or a drained node shows in the Job's condition and does not look like a failed test.
          { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          // Nothing ran in a container that the node could not start: another pod is not a second attempt.
          { action: 'Ignore', onExitCodes: { operator: 'In', values: [NOT_STARTED_EXIT] } },
        ],
      },
      template: {
        metadata: {
          // The operator selects by its own labels: they win.
          labels: { ...input.pods?.labels, ...labels },
          ...(input.pods?.annotations ? { annotations: input.pods.annotations } : {}),
        },
        spec: {
          ...placeOf(input.pods),
          restartPolicy: 'Never',
          serviceAccountName: name,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          ...(spec.imagePullSecrets?.length ? { imagePullSecrets: spec.imagePullSecrets } : {}),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: RUNNER_UID,
            runAsGroup: RUNNER_UID,
            fsGroup: RUNNER_UID,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          ...(brought ? { initContainers: [bringApp(spec)] } : {}),
          containers: [
            {
              name: RUNNER_CONTAINER,
              image: spec.runtimeImage ?? spec.image,
              imagePullPolicy: spec.imagePullPolicy ?? 'IfNotPresent',
              ...(brought ? { command: [`${APP}/bin/node`, `${APP}/dist/suites/runner/main.js`] } : {}),
              env: [...containerEnv(input, timeoutSeconds), ...(brought ? BROUGHT_ENV : [])],
              resources: spec.resources ?? DEFAULT_RESOURCES,
              // The last lines of a runner that crashes before it can report end up in the pod's status.
              terminationMessagePolicy: 'FallbackToLogsOnError',
              securityContext: CONTAINER_SECURITY,
              volumeMounts: [
                { name: 'tmp', mountPath: '/tmp' },
                ...(brought ? [{ name: 'app', mountPath: APP, readOnly: true }] : []),
                ...(connection ? [{ name: 'connection', mountPath: CONNECTION_MOUNT, readOnly: true }] : []),
              ],
            },
          ],
          volumes: [
            { name: 'tmp', emptyDir: {} },
            ...(brought ? [{ name: 'app', emptyDir: {} }] : []),
            ...(connection
              ? [
                  {
                    name: 'connection',
                    secret: {
                      secretName: connection,
                      items: [{ key: CONNECTION_KEY, path: CONNECTION_KEY }],
                      defaultMode: 0o440,
                    },
                  },
                ]
              : []),
          ],
        },
      },
    },
  };
}

/**
 * The Job that undoes what an attempt left changed in its deployment. Its pod runs {@link UNDO_FILE} with the connection and the
 * image of the suite. It reports nothing, so it has no rights at the API server.
 * @param name from undoJobName
 * @param owner the TestReport of the attempt
 */
export function undoJob(
  input: JobInput,
  changes: readonly DeploymentChange[],
  { name, owner }: { name: string; owner: OwnerReference },
): Intent<Job> {
  const spec = { ...input.spec, files: [UNDO_FILE], timeoutSeconds: UNDO_SECONDS };
  const labels = { [LABELS.run]: input.run, 'app.kubernetes.io/managed-by': OPERATOR_NAME };
  const { metadata, spec: job } = attemptJob({
    ...{ ...input, name, labels, owner, spec },
    ...{ grep: undefined, rounds: undefined, queueName: undefined },
  });
  const pod = job?.template?.spec;
  const [runner] = pod?.containers ?? [];
  if (!job || !pod || !runner) throw new Error('the Job of an attempt has a container');
  const own: readonly string[] = [RUNNER_ENV.report, RUNNER_ENV.attempt];
  const env = [
    ...(runner.env ?? []).filter((each) => !own.includes(each.name ?? '')),
    ...literals({ [RUNNER_ENV.changes]: JSON.stringify(changes) }),
  ];
  const { podFailurePolicy: _ofAttempts, ...rest } = job;
  const { serviceAccountName: _ofAttempt, ...place } = pod;
  return {
    metadata,
    spec: {
      ...rest,
      backoffLimit: UNDO_RETRIES,
      template: {
        ...job.template,
        spec: { ...place, automountServiceAccountToken: false, containers: [{ ...runner, env }] },
      },
    },
  };
}

/** Where the pod may run, and how important it is. */
function placeOf(pods: SuitePods = {}) {
  const { nodeSelector, tolerations, affinity, priorityClassName } = pods;
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations ? { tolerations } : {}),
    ...(affinity ? { affinity } : {}),
    ...(priorityClassName ? { priorityClassName } : {}),
  };
}

/** The image holds no shell. */
const BRING_APP = `
  const { copyFileSync, cpSync, mkdirSync } = require('node:fs');
  cpSync('${APP}', '/brought', { recursive: true });
  mkdirSync('/brought/bin');
  copyFileSync(process.execPath, '/brought/bin/node');
`;

/**
 * Copies Node.js and the suites (130 MB, under a second) out of their image. The image that the suite needs is large and
 * stays as it is, while the suites change with every edit.
 */
function bringApp(spec: TestSuiteSpec) {
  return {
    name: 'bring-suites',
    image: spec.image,
    imagePullPolicy: spec.imagePullPolicy ?? 'IfNotPresent',
    command: ['node', '-e', BRING_APP],
    resources: { requests: DEFAULT_RESOURCES.requests, limits: DEFAULT_RESOURCES.limits },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [{ name: 'app', mountPath: '/brought' }],
  };
}

function containerEnv(input: JobInput, timeoutSeconds: number) {
  const values: Record<string, string> = {
    [RUNNER_ENV.run]: input.run,
    [RUNNER_ENV.suite]: input.suite,
    [RUNNER_ENV.attempt]: String(input.attempt),
    [RUNNER_ENV.since]: input.since,
    [RUNNER_ENV.report]: input.name,
    [RUNNER_ENV.namespace]: input.namespace,
    [RUNNER_ENV.environment]: input.environment,
    [RUNNER_ENV.files]: JSON.stringify(input.spec.files),
    [RUNNER_ENV.timeoutSeconds]: String(timeoutSeconds),
    ...(input.grep === undefined ? {} : { [RUNNER_ENV.grep]: input.grep }),
    ...(input.changes?.length ? { [RUNNER_ENV.changes]: JSON.stringify(input.changes) } : {}),
    ...(input.rounds === undefined ? {} : { [RUNNER_ENV.rounds]: String(input.rounds) }),
    ...(input.traceparent === undefined ? {} : { [RUNNER_ENV.traceparent]: input.traceparent }),
    ...(input.connectionSecret ? { [RUNNER_ENV.connection]: `${CONNECTION_MOUNT}/${CONNECTION_KEY}` } : {}),
  };
  return [
    ...literals(values),
    { name: RUNNER_ENV.pod, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
}

/** Variables with these values. Kubernetes replaces "$(NAME)" in a value; "$$" is one dollar sign. */
function literals(values: Record<string, string>) {
  return Object.entries(values).map(([name, value]) => ({ name, value: value.replaceAll('$', '$$$$') }));
}
