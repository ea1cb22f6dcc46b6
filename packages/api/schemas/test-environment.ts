import { Type } from 'typebox';
import { ENVIRONMENT_DEFAULTS } from '../constants/defaults.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { PATTERNS } from '../constants/patterns.ts';
import { Conditions } from './conditions.ts';

export const TestEnvironmentSpec = Type.Object(
  {
    chart: Type.Optional(
      Type.Object(
        {
          name: Type.String({
            pattern: PATTERNS.dnsLabel,
            maxLength: LENGTHS.name,
            description: 'Folder of the chart under /charts in the operator image.',
          }),
          values: Type.Optional(
            Type.Unsafe<Record<string, unknown>>({
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
              description: 'Helm values that override the values of the chart.',
            }),
          ),
        },
        { description: 'Chart to deploy with Helm.' },
      ),
    ),
    external: Type.Optional(
      Type.Object(
        {
          connectionSecretRef: Type.Optional(
            Type.Object(
              {
                name: Type.String({
                  pattern: PATTERNS.objectName,
                  maxLength: LENGTHS.objectName,
                  description: 'Secret in this namespace with the key connection.json.',
                }),
              },
              { description: 'How suites connect to a deployment that already runs.' },
            ),
          ),
        },
        {
          description:
            'Use a deployment that already runs. The operator deploys and deletes nothing. Without a Secret, suites get no connection.',
        },
      ),
    ),
    namespace: Type.Optional(
      Type.String({
        pattern: PATTERNS.dnsLabel,
        maxLength: LENGTHS.label,
        description: 'Namespace of the deployment. Default: the name of this object with prefix "bai-".',
      }),
    ),
    deployAfterRef: Type.Optional(
      Type.Object(
        {
          name: Type.String({
            pattern: PATTERNS.objectName,
            maxLength: LENGTHS.name,
            description: 'Earlier TestEnvironment in this namespace.',
          }),
        },
        {
          description:
            'Environment to wait for before this one is deployed. The wait ends when that one is Ready or has failed. Deployments that run at once slow each other down.',
        },
      ),
    ),
    disruption: Type.Optional(
      Type.Enum(['Allowed', 'Forbidden'], {
        default: 'Forbidden',
        description: 'Whether suites may disrupt the environment.',
      }),
    ),
    invasiveSuites: Type.Optional(
      Type.Enum(['Allowed', 'Forbidden'], {
        description:
          'Whether suites may run that are marked as invasive. Default: Forbidden with spec.external, else Allowed.',
      }),
    ),
    runtimeImage: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LENGTHS.image,
        pattern: PATTERNS.image,
        description:
          'Image with the programs of the Backend.AI that is deployed here. Suites that have spec.runtimeImage run in it instead. Only with spec.chart.',
      }),
    ),
    readyTimeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7200,
        default: ENVIRONMENT_DEFAULTS.readyTimeoutSeconds,
        description: 'Seconds that a deployment has to become Ready. After that, the environment has failed.',
      }),
    ),
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Seconds without an active run until the environment is deleted. Unset: it stays.',
      }),
    ),
    retainOnFailure: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Keep the environment after ttlSeconds if its last run failed.',
      }),
    ),
  },
  {
    description: 'A deployment of Backend.AI to test.',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.chart) != has(self.external)',
        message:
          'set exactly one of spec.chart (to deploy) and spec.external (to use a deployment that runs)',
      },
      {
        rule: 'has(self.external) == has(oldSelf.external)',
        message:
          'an environment cannot change between spec.chart and spec.external: create another TestEnvironment',
      },
      {
        rule: '!has(self.runtimeImage) || has(self.chart)',
        message:
          'spec.runtimeImage needs spec.chart: for spec.external, set the values "runtimeImages" of the operator',
      },
      {
        rule: 'has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)',
        message: 'spec.namespace cannot change: create another TestEnvironment',
      },
      {
        rule: "!has(self.__namespace__) || !(self.__namespace__ == 'default' || self.__namespace__.startsWith('kube-'))",
        message:
          'spec.namespace must not be "default" or start with "kube-": the operator deletes the namespace',
      },
    ],
  },
);

/** One workload of the deployment, as last observed. */
export const ComponentStatus = Type.Object({
  name: Type.String({
    description: 'Label app.kubernetes.io/component of the workload, for example "manager".',
  }),
  workload: Type.String({ description: 'Kind and name of the workload, for example "Deployment/manager".' }),
  ready: Type.Integer({ description: 'Number of ready pods. For a Job: 1 when it is complete.' }),
  desired: Type.Integer({
    description:
      'Number of pods that the chart asks for in annotation e2e.backend.ai/desired-replicas. Manual scaling does not change it.',
  }),
  version: Type.Optional(
    Type.String({
      description:
        'Version of the installed packages, as the pod read it. For other services: label app.kubernetes.io/version.',
    }),
  ),
  commit: Type.Optional(
    Type.String({ description: 'Commit of the checkout whose sources are installed over the packages.' }),
  ),
  modified: Type.Optional(Type.Boolean({ description: 'Whether that checkout differed from its commit.' })),
  imageDigest: Type.Optional(Type.String({ description: 'Image ID of the main container.' })),
  restarts: Type.Integer({ description: 'Number of container restarts in all pods.' }),
  message: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Why the component is not ready: waiting reason, last event and last log line.',
    }),
  ),
});

export const TestEnvironmentStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status describes.' }),
  ),
  namespace: Type.Optional(Type.String({ description: 'Namespace of the deployment.' })),
  release: Type.Optional(Type.String({ description: 'Name of the Helm release.' })),
  valuesHash: Type.Optional(
    Type.String({ description: 'SHA-256 of the installed chart name, chart version and values.' }),
  ),
  attemptedHash: Type.Optional(
    Type.String({
      description:
        'The same hash for the last start of Helm. A failed installation is not retried until it changes.',
    }),
  ),
  deployStartedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time of the last start of Helm.' }),
  ),
  readyAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Time when the environment first became Ready after that.',
    }),
  ),
  connectionSecret: Type.Optional(
    Type.String({
      description: 'Secret in this namespace. Its key connection.json holds the connection for suites.',
    }),
  ),
  components: Type.Optional(
    Type.Array(ComponentStatus, {
      description: 'One entry for each workload.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['workload'],
    }),
  ),
  conditions: Type.Optional(Conditions),
});
