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
            description: 'Folder of a chart that the operator image carries under /charts.',
          }),
          values: Type.Optional(
            Type.Unsafe<Record<string, unknown>>({
              type: 'object',
              'x-kubernetes-preserve-unknown-fields': true,
              description: 'Helm values, over those of the chart.',
            }),
          ),
        },
        { description: 'Deploy this chart with Helm.' },
      ),
    ),
    external: Type.Optional(
      Type.Object(
        {
          connectionSecretRef: Type.Optional(
            Type.Object(
              {
                name: Type.String({
                  minLength: 1,
                  description: 'Secret in this namespace with the key connection.json.',
                }),
              },
              { description: 'How suites reach a deployment that already runs.' },
            ),
          ),
        },
        {
          description:
            'Use what already runs; nothing is deployed or deleted. Without a Secret, suites get no connection.',
        },
      ),
    ),
    namespace: Type.Optional(
      Type.String({
        pattern: PATTERNS.dnsLabel,
        maxLength: LENGTHS.label,
        description: 'Namespace of the deployment. Default: the name of this object with the prefix "bai-".',
      }),
    ),
    deployAfterRef: Type.Optional(
      Type.Object(
        {
          name: Type.String({
            minLength: 1,
            maxLength: LENGTHS.name,
            description: 'TestEnvironment in this namespace, created before this one.',
          }),
        },
        {
          description:
            'Deploy this one when that one is Ready, or will not be: deployments side by side take the cores from each other, so that none is Ready soon.',
        },
      ),
    ),
    disruption: Type.Optional(
      Type.Enum(['Allowed', 'Forbidden'], {
        default: 'Forbidden',
        description: 'Whether suites may break things in it.',
      }),
    ),
    readyTimeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7200,
        default: ENVIRONMENT_DEFAULTS.readyTimeoutSeconds,
        description:
          'Seconds from the start of a deployment until it must be Ready; after that the environment is said to have failed.',
      }),
    ),
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Seconds without an active run after which the environment is deleted. Unset: kept.',
      }),
    ),
    retainOnFailure: Type.Optional(
      Type.Boolean({ default: false, description: 'Keep it past its time when the last run failed.' }),
    ),
  },
  {
    description: 'A Backend.AI deployment to test.',
    'x-kubernetes-validations': [
      {
        rule: 'has(self.chart) != has(self.external)',
        message: 'give exactly one of spec.chart (deploy it) and spec.external (use what runs)',
      },
      {
        rule: 'has(self.external) == has(oldSelf.external)',
        message: 'an environment cannot change between spec.chart and spec.external: create another',
      },
      {
        rule: 'has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)',
        message: 'spec.namespace cannot change: create another TestEnvironment',
      },
      {
        rule: "!has(self.__namespace__) || !(self.__namespace__ == 'default' || self.__namespace__.startsWith('kube-'))",
        message:
          'spec.namespace must not be "default" or begin with "kube-": the operator deletes that namespace',
      },
    ],
  },
);

/** One workload of the deployment, as last seen. */
export const ComponentStatus = Type.Object({
  name: Type.String({ description: 'app.kubernetes.io/component of the workload, for example "manager".' }),
  workload: Type.String({ description: 'Kind/name of the workload, for example "Deployment/manager".' }),
  ready: Type.Integer({ description: 'Pods that are ready (for a Job: 1 when complete).' }),
  desired: Type.Integer({
    description:
      'Pods that the chart asked for, annotation e2e.backend.ai/desired-replicas; not what someone scaled it to.',
  }),
  version: Type.Optional(Type.String({ description: 'app.kubernetes.io/version of the workload.' })),
  imageDigest: Type.Optional(Type.String({ description: 'imageID of its main container.' })),
  restarts: Type.Integer({ description: 'Container restarts, all pods.' }),
  message: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Why it is not ready: waiting reason, last event, last log line.',
    }),
  ),
});

export const TestEnvironmentStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status speaks of.' }),
  ),
  namespace: Type.Optional(Type.String({ description: 'Namespace of the deployment.' })),
  release: Type.Optional(Type.String({ description: 'Helm release name.' })),
  valuesHash: Type.Optional(
    Type.String({ description: 'SHA-256 of chart name, chart version and values that are installed.' }),
  ),
  attemptedHash: Type.Optional(
    Type.String({
      description:
        'The same hash for what helm was last started with: a failed installation is not tried again until it changes.',
    }),
  ),
  deployStartedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When helm was last started.' }),
  ),
  readyAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When it was first Ready after that.' }),
  ),
  connectionSecret: Type.Optional(
    Type.String({
      description: 'Secret in this namespace whose key connection.json tells suites how to reach it.',
    }),
  ),
  components: Type.Optional(
    Type.Array(ComponentStatus, {
      description: 'One a workload.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['workload'],
    }),
  ),
  conditions: Type.Optional(Conditions),
});
