import { Type } from 'typebox';
import { FAULT_DEFAULTS } from '../constants/defaults.ts';
import { FAULT_ACTIONS } from '../constants/fault.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { PATTERNS } from '../constants/patterns.ts';
import { Conditions } from './conditions.ts';

/** Pods of a component. A name, a lock or a count narrows them; the seed chooses where more pods match the count. */
export const FaultTarget = Type.Object(
  {
    component: Type.String({
      pattern: PATTERNS.labelValue,
      maxLength: LENGTHS.label,
      description: 'Label app.kubernetes.io/component of the pods, for example "manager".',
    }),
    pod: Type.Optional(
      Type.String({
        pattern: PATTERNS.objectName,
        maxLength: LENGTHS.objectName,
        description: 'Name of the only pod to target.',
      }),
    ),
    leader: Type.Optional(
      Type.Enum(['scheduler', 'coordinator'], {
        description: 'Target the pod that holds this lock in Valkey at injection.',
      }),
    ),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 50,
        description: 'Number of matching pods to target. Default: all pods.',
      }),
    ),
  },
  {
    description: 'Pods to target.',
    'x-kubernetes-validations': [
      {
        rule: '[has(self.pod), has(self.leader), has(self.count)].filter(x, x).size() <= 1',
        message: 'set at most one of pod, leader and count',
      },
      {
        rule: "!has(self.leader) || self.component == {'scheduler': 'manager', 'coordinator': 'appproxy-coordinator'}[self.leader]",
        message:
          'the leader "scheduler" needs component manager, and "coordinator" needs component appproxy-coordinator',
      },
    ],
  },
);

/** The container that an action concerns. */
const container = (verb: string) =>
  Type.Optional(
    Type.String({
      pattern: PATTERNS.dnsLabel,
      maxLength: LENGTHS.label,
      description: `Container to ${verb}. Default: the first container.`,
    }),
  );

export const FaultSpec = Type.Object(
  {
    environmentRef: Type.Object(
      {
        name: Type.String({
          pattern: PATTERNS.objectName,
          maxLength: LENGTHS.name,
          description: 'TestEnvironment in this namespace. It must allow disruption.',
        }),
      },
      { description: 'Environment to disrupt.' },
    ),
    target: FaultTarget,
    podDelete: Type.Optional(
      Type.Object(
        {
          force: Type.Optional(
            Type.Boolean({
              default: false,
              description: 'Delete with grace period 0 instead of the period of the pod.',
            }),
          ),
        },
        { description: 'Delete the target pods.' },
      ),
    ),
    networkPartition: Type.Optional(
      Type.Object(
        {
          from: Type.Object(
            {
              component: Type.String({
                pattern: PATTERNS.labelValue,
                maxLength: LENGTHS.label,
                description: 'Label app.kubernetes.io/component of the other side.',
              }),
            },
            { description: 'Other side of the partition.' },
          ),
          direction: Type.Optional(
            Type.Enum(['Both', 'Outgoing', 'Incoming'], {
              default: 'Both',
              description: 'Direction of the dropped packets, seen from the target.',
            }),
          ),
          ports: Type.Optional(
            Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), {
              maxItems: 16,
              description: 'TCP ports of the listening side. Default: all ports.',
            }),
          ),
        },
        {
          description: 'Drop packets between the target and the other side, also those of open connections.',
        },
      ),
    ),
    pause: Type.Optional(
      Type.Object(
        { container: container('freeze') },
        { description: 'Freeze all processes of the container with SIGSTOP.' },
      ),
    ),
    kill: Type.Optional(
      Type.Object(
        { container: container('kill') },
        { description: 'Kill all processes of the container with SIGKILL. The pod stays.' },
      ),
    ),
    scaleToZero: Type.Optional(
      Type.Object(
        {},
        { description: 'Scale the workloads of the component to 0, and back when the fault heals.' },
      ),
    ),
    durationSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 600,
        default: FAULT_DEFAULTS.durationSeconds,
        description: 'Seconds until a lasting fault heals.',
      }),
    ),
    heal: Type.Optional(
      Type.Boolean({ default: false, description: 'Set to true to heal the fault before durationSeconds.' }),
    ),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        default: FAULT_DEFAULTS.seed,
        description: 'Seed that selects pods when more match than count.',
      }),
    ),
  },
  {
    description: 'One fault to inject into an environment.',
    'x-kubernetes-validations': [
      {
        rule: '[has(self.podDelete), has(self.networkPartition), has(self.pause), has(self.kill), has(self.scaleToZero)].filter(x, x).size() == 1',
        message: 'set exactly one of podDelete, networkPartition, pause, kill and scaleToZero',
      },
      {
        rule: '!has(self.scaleToZero) || !(has(self.target.pod) || has(self.target.leader) || has(self.target.count))',
        message: 'scaleToZero targets the whole component: remove pod, leader and count',
      },
      {
        rule: 'has(self.heal) && self.heal || !(has(oldSelf.heal) && oldSelf.heal)',
        message: 'heal cannot change back to false: create another Fault',
      },
      ...['environmentRef', 'target', ...FAULT_ACTIONS, 'durationSeconds', 'seed'].map((field) => ({
        rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
        message: `${field} cannot change: create another Fault`,
      })),
    ],
  },
);

const when = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

/** The history of the fault in one pod. */
export const FaultReceipt = Type.Object({
  pod: Type.String({ description: 'Name of the pod.' }),
  uid: Type.String({
    description: 'UID of the pod when it was selected. A new pod of the same name has another UID.',
  }),
  address: Type.Optional(Type.String({ description: 'IP address of the pod when it was selected.' })),
  container: Type.Optional(Type.String({ description: 'Container whose processes the fault affects.' })),
  containerId: Type.Optional(
    Type.String({
      description: 'Runtime ID of the container when it was selected. A restart changes it.',
    }),
  ),
  peers: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Addresses of pods and Services on the other side whose packets are dropped.',
      'x-kubernetes-list-type': 'set',
    }),
  ),
  injectedAt: when('Time of the injection, on the clock of the pod or the operator that injected it.'),
  seenInForceAt: when('Time when the probe observed the effect.'),
  inForceEvidence: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Observation of the probe that proves the effect.',
    }),
  ),
  healedAt: when('Time when the effect was undone.'),
  seenHealedAt: when('Time when the probe observed that the effect is gone.'),
  healedEvidence: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Observation of the probe that proves the recovery.',
    }),
  ),
  trouble: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Last error, as the component that met it reported it.',
    }),
  ),
});

/** The size of a workload before it was scaled to zero. */
export const ScaledWorkload = Type.Object({
  workload: Type.String({ description: 'Kind and name, for example "Deployment/manager".' }),
  replicas: Type.Integer({ description: 'Number of pods that the workload asked for.' }),
});

export const FaultStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status describes.' }),
  ),
  phase: Type.Optional(
    Type.Enum(['Refused', 'Injecting', 'InForce', 'Healing', 'Healed', 'Unhealed'], {
      description: 'Phase of the fault, for people. Programs read the times and conditions.',
    }),
  ),
  action: Type.Optional(Type.Enum([...FAULT_ACTIONS], { description: 'Action that the spec sets.' })),
  acceptedAt: when('Time of acceptance. An injection can start until two minutes later.'),
  workloads: Type.Optional(
    Type.Array(ScaledWorkload, {
      description: 'Workloads that scaleToZero scales back.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['workload'],
    }),
  ),
  targets: Type.Optional(
    Type.Array(FaultReceipt, {
      description: 'Selected pods with the history of the fault in each.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
    }),
  ),
  injectedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time when all targets were injected.' }),
  ),
  seenInForceAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Time when the probe first observed the effect on all targets.',
    }),
  ),
  seenInForceAfterSeconds: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'Seconds from the injection until the probe observed the effect, for kubectl get.',
    }),
  ),
  seenInForceBy: Type.Optional(
    Type.String({ maxLength: LENGTHS.shortMessage, description: 'Probe that observed the effect.' }),
  ),
  healedAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Time when the effect was undone. A deletion heals when the new pods are ready.',
    }),
  ),
  seenHealedAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Time when the probe observed that the effect is gone.',
    }),
  ),
  seenHealedAfterSeconds: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'Seconds from the injection until the probe observed that the effect is gone.',
    }),
  ),
  seenHealedBy: Type.Optional(
    Type.String({ maxLength: LENGTHS.shortMessage, description: 'Probe that observed the recovery.' }),
  ),
  conditions: Type.Optional(Conditions),
});
