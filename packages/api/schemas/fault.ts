import { Type } from 'typebox';
import { FAULT_DEFAULTS } from '../constants/defaults.ts';
import { FAULT_ACTIONS } from '../constants/fault.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { Conditions } from './conditions.ts';

/** Pods by component of the environment; narrowed by name or by a lock's holder; the seed chooses where more match. */
export const FaultTarget = Type.Object(
  {
    component: Type.String({
      minLength: 1,
      maxLength: LENGTHS.label,
      description: 'app.kubernetes.io/component of the pods, for example "manager".',
    }),
    pod: Type.Optional(
      Type.String({ minLength: 1, maxLength: LENGTHS.objectName, description: 'Exactly this pod.' }),
    ),
    leader: Type.Optional(
      Type.Enum(['scheduler', 'coordinator'], {
        description: 'The pod that holds this lock in Valkey when the fault is injected.',
      }),
    ),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 50, description: 'How many of the matching pods. Default: all.' }),
    ),
  },
  {
    description: 'Which pods.',
    'x-kubernetes-validations': [
      {
        rule: '[has(self.pod), has(self.leader), has(self.count)].filter(x, x).size() <= 1',
        message: 'give at most one of pod, leader and count',
      },
      {
        rule: "!has(self.leader) || self.component == {'scheduler': 'manager', 'coordinator': 'appproxy-coordinator'}[self.leader]",
        message:
          'leader scheduler is of component manager, leader coordinator of component appproxy-coordinator',
      },
    ],
  },
);

export const FaultSpec = Type.Object(
  {
    environmentRef: Type.Object(
      {
        name: Type.String({
          minLength: 1,
          maxLength: LENGTHS.name,
          description: 'TestEnvironment in this namespace; it must allow disruption.',
        }),
      },
      { description: 'Where.' },
    ),
    target: FaultTarget,
    podDelete: Type.Optional(
      Type.Object(
        {
          force: Type.Optional(
            Type.Boolean({ default: false, description: "Grace period 0 instead of the pod's own." }),
          ),
        },
        { description: 'Delete the pods.' },
      ),
    ),
    networkPartition: Type.Optional(
      Type.Object(
        {
          from: Type.Object(
            {
              component: Type.String({
                minLength: 1,
                maxLength: LENGTHS.label,
                description: 'Component on the other side.',
              }),
            },
            { description: 'The other side.' },
          ),
          direction: Type.Optional(
            Type.Enum(['Both', 'Outgoing', 'Incoming'], {
              default: 'Both',
              description: 'As seen from the target.',
            }),
          ),
          ports: Type.Optional(
            Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), {
              maxItems: 16,
              description: "TCP ports of the connection's listening side. Default: all traffic.",
            }),
          ),
        },
        { description: 'Drop packets between the target and the other side; open connections too.' },
      ),
    ),
    pause: Type.Optional(
      Type.Object(
        {
          container: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: LENGTHS.label,
              description: 'Container to freeze. Default: the first.',
            }),
          ),
        },
        { description: 'Freeze every process of the container (SIGSTOP).' },
      ),
    ),
    kill: Type.Optional(
      Type.Object(
        {
          container: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: LENGTHS.label,
              description: 'Container to kill. Default: the first.',
            }),
          ),
        },
        { description: 'SIGKILL every process of the container; the pod stays.' },
      ),
    ),
    scaleToZero: Type.Optional(
      Type.Object({}, { description: "Scale the component's workload to 0, and back to what it was." }),
    ),
    durationSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 600,
        default: FAULT_DEFAULTS.durationSeconds,
        description: 'Seconds after which a lasting fault heals by itself.',
      }),
    ),
    heal: Type.Optional(
      Type.Boolean({ default: false, description: 'Set to true to heal before the time is over.' }),
    ),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        default: FAULT_DEFAULTS.seed,
        description: 'Chooses the pods where more match than count.',
      }),
    ),
  },
  {
    description: 'One thing that is broken on purpose.',
    'x-kubernetes-validations': [
      {
        rule: '[has(self.podDelete), has(self.networkPartition), has(self.pause), has(self.kill), has(self.scaleToZero)].filter(x, x).size() == 1',
        message: 'give exactly one of podDelete, networkPartition, pause, kill and scaleToZero',
      },
      {
        rule: '!has(self.scaleToZero) || !(has(self.target.pod) || has(self.target.leader) || has(self.target.count))',
        message: 'scaleToZero takes the whole component: leave out pod, leader and count',
      },
      {
        rule: 'has(self.heal) && self.heal || !(has(oldSelf.heal) && oldSelf.heal)',
        message: 'heal cannot be taken back: create another Fault',
      },
      ...['environmentRef', 'target', ...FAULT_ACTIONS, 'durationSeconds', 'seed'].map((field) => ({
        rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
        message: `${field} cannot change: create another Fault`,
      })),
    ],
  },
);

const when = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

/** What happened to one pod. */
export const FaultReceipt = Type.Object({
  pod: Type.String({ description: 'Name.' }),
  uid: Type.String({ description: 'UID when it was chosen: a successor of the same name is another pod.' }),
  address: Type.Optional(Type.String({ description: 'Pod IP when it was chosen.' })),
  container: Type.Optional(Type.String({ description: 'Container whose processes are meant.' })),
  containerId: Type.Optional(
    Type.String({
      description: 'Its ID at the runtime when it was chosen: after a restart it is another one.',
    }),
  ),
  peers: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Addresses on the other side that packets are dropped for: pods and Services.',
      'x-kubernetes-list-type': 'set',
    }),
  ),
  injectedAt: when('When the effect was carried out, by the clock of who did it.'),
  seenInForceAt: when('When the probe saw it in force.'),
  inForceEvidence: Type.Optional(
    Type.String({ maxLength: LENGTHS.message, description: 'What the probe saw then.' }),
  ),
  healedAt: when('When the effect was undone.'),
  seenHealedAt: when('When the probe saw it gone.'),
  healedEvidence: Type.Optional(
    Type.String({ maxLength: LENGTHS.message, description: 'What the probe saw then.' }),
  ),
  trouble: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'What went wrong last, in the words of who met it.',
    }),
  ),
});

/** What a workload was before it was scaled to zero. */
export const ScaledWorkload = Type.Object({
  workload: Type.String({ description: 'Kind/name, for example "Deployment/manager".' }),
  replicas: Type.Integer({ description: 'Pods that it had been asked for.' }),
});

export const FaultStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status speaks of.' }),
  ),
  phase: Type.Optional(
    Type.Enum(['Refused', 'Injecting', 'InForce', 'Healing', 'Healed', 'Unhealed'], {
      description: 'Where it stands, for people; programs read the times and conditions.',
    }),
  ),
  action: Type.Optional(Type.Enum([...FAULT_ACTIONS], { description: 'Which one the spec gives.' })),
  acceptedAt: when('When it was accepted: two minutes later it is too late to inject it.'),
  workloads: Type.Optional(
    Type.Array(ScaledWorkload, {
      description: 'What scaleToZero scales back.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['workload'],
    }),
  ),
  targets: Type.Optional(
    Type.Array(FaultReceipt, {
      description: 'Chosen pods and what happened to each.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
    }),
  ),
  injectedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the effect was carried out on all targets.' }),
  ),
  seenInForceAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the probe first saw it in force on all targets.' }),
  ),
  seenInForceBy: Type.Optional(Type.String({ maxLength: LENGTHS.shortMessage, description: 'Which probe.' })),
  healedAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'When the effect was undone (a deletion heals when the pods were replaced and are ready).',
    }),
  ),
  seenHealedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the probe saw it gone.' }),
  ),
  seenHealedBy: Type.Optional(Type.String({ maxLength: LENGTHS.shortMessage, description: 'Which probe.' })),
  conditions: Type.Optional(Conditions),
});
