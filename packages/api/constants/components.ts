/** The components of Backend.AI, as labels of pods and the status of an environment name them. */
export const COMPONENTS = [
  'manager',
  'agent',
  'storage-proxy',
  'webserver',
  'appproxy-coordinator',
  'appproxy-worker',
] as const;

export type Component = (typeof COMPONENTS)[number];
