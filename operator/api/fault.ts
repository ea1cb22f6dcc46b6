import { type Static, Type } from 'typebox';
import { Conditions } from './conditions.ts';
import type { CustomResource } from './group.ts';

/**
 * Conditions of a Fault. Injected: the effect was carried out. InForce: a probe saw it. Healed: it was undone.
 * SeenHealed: a probe saw that. Accepted is False, for ever, when the cluster or the environment cannot do it.
 */
export const FAULT_CONDITIONS = {
  accepted: 'Accepted',
  injected: 'Injected',
  inForce: 'InForce',
  healed: 'Healed',
  seenHealed: 'SeenHealed',
} as const;

/** Locks whose holder a fault can aim at: Valkey keys of Backend.AI 26.9 (database 5). */
export const LEADER_LOCKS = {
  scheduler: { key: 'leader:sokovan:scheduler', component: 'manager' },
  coordinator: { key: 'leader:appproxy:coordinator', component: 'appproxy-coordinator' },
} as const;

/** Pods by component of the environment; narrowed by name or by a lock's holder; the seed chooses where more match. */
export const FaultTarget = Type.Object(
  {
    component: Type.String({
      minLength: 1,
      maxLength: 63,
      description: 'app.kubernetes.io/component of the pods, for example "manager".',
    }),
    pod: Type.Optional(Type.String({ minLength: 1, maxLength: 253, description: 'Exactly this pod.' })),
    leader: Type.Optional(
      Type.Enum(['scheduler', 'coordinator'], {
        description: 'The pod that holds this lock in Valkey when the fault is injected.',
      }),
    ),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 50, description: 'How many of the matching pods. Default: all.' }),
    ),
  },
  { description: 'Which pods.' },
);
export type FaultTarget = Static<typeof FaultTarget>;

export const FaultSpec = Type.Object(
  {
    environmentRef: Type.Object(
      {
        name: Type.String({
          minLength: 1,
          maxLength: 48,
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
                maxLength: 63,
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
          container: Type.Optional(Type.String({ description: 'Container to freeze. Default: the first.' })),
        },
        { description: 'Freeze every process of the container (SIGSTOP).' },
      ),
    ),
    kill: Type.Optional(
      Type.Object(
        { container: Type.Optional(Type.String({ description: 'Container to kill. Default: the first.' })) },
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
        default: 60,
        description: 'Seconds after which a lasting fault heals by itself.',
      }),
    ),
    heal: Type.Optional(
      Type.Boolean({ default: false, description: 'Set to true to heal before the time is over.' }),
    ),
    seed: Type.Optional(
      Type.Integer({ minimum: 0, default: 0, description: 'Chooses the pods where more match than count.' }),
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
        rule: 'self.environmentRef == oldSelf.environmentRef && self.target == oldSelf.target',
        message: 'environmentRef and target cannot change: create another Fault',
      },
    ],
  },
);
export type FaultSpec = Static<typeof FaultSpec>;

/** What happened to one pod. */
export const FaultReceipt = Type.Object({
  pod: Type.String({ description: 'Name.' }),
  uid: Type.String({ description: 'UID at injection: a successor of the same name is another pod.' }),
  address: Type.Optional(Type.String({ description: 'Pod IP at injection.' })),
  evidence: Type.Optional(
    Type.String({ maxLength: 1024, description: 'What the probe saw last, in force and healed.' }),
  ),
});

export const FaultStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status speaks of.' }),
  ),
  targets: Type.Optional(
    Type.Array(FaultReceipt, {
      description: 'Chosen pods.',
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
  seenInForceBy: Type.Optional(Type.String({ maxLength: 256, description: 'Which probe.' })),
  healedAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'When the effect was undone (a deletion heals when the pods were replaced and are ready).',
    }),
  ),
  seenHealedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the probe saw it gone.' }),
  ),
  seenHealedBy: Type.Optional(Type.String({ maxLength: 256, description: 'Which probe.' })),
  conditions: Type.Optional(Conditions),
});
export type FaultStatus = Static<typeof FaultStatus>;
export type Fault = CustomResource<'Fault', FaultSpec, FaultStatus>;
