/** The actions of a Fault, one of which its spec gives. */
export const FAULT_ACTIONS = ['podDelete', 'networkPartition', 'pause', 'kill', 'scaleToZero'] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

/** Locks whose holder a fault can aim at: Valkey keys of Backend.AI 26.9 (database 5). */
export const LEADER_LOCKS = {
  scheduler: { key: 'leader:sokovan:scheduler', component: 'manager' },
  coordinator: { key: 'leader:appproxy:coordinator', component: 'appproxy-coordinator' },
} as const;
