/** The actions of a Fault. Its spec sets one of them. */
export const FAULT_ACTIONS = ['podDelete', 'networkPartition', 'pause', 'kill', 'scaleToZero'] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

/** Locks whose holder a fault can target: Valkey keys of Backend.AI 26.9 in database 5. */
export const LEADER_LOCKS = {
  scheduler: { key: 'leader:sokovan:scheduler', component: 'manager' },
  coordinator: { key: 'leader:appproxy:coordinator', component: 'appproxy-coordinator' },
} as const;
