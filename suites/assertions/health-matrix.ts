import type { Component } from '@backendai-e2e/api/components';
import type { Need } from './health.ts';

/** The component that provides each dependency, whose pods are cut off or removed. */
export const PROVIDERS: Record<Exclude<Need, 'container'>, string> = {
  etcd: 'etcd',
  redis: 'valkey',
  database: 'postgres',
  manager: 'manager',
};

/**
 * How a dependency is taken away:
 * - gone: its pods are removed, and connections are refused.
 * - silent: packets to it are dropped.
 * - frozen: its processes are stopped.
 */
export type Way = 'gone' | 'silent' | 'frozen';

/** One cell of the matrix. `one`: only that process of the component loses the dependency. */
export interface Square {
  component: Component;
  need: Need;
  way: Way;
  one?: 0 | 1;
}

/**
 * Three rounds, because a round lasts one check interval of the components. Two consecutive rounds never keep the same
 * process from being alive: its pod would be restarted.
 */
export const ROUNDS: { title: string; squares: Square[] }[] = [
  {
    title: 'without etcd, and the app proxy and the webserver without Valkey',
    squares: [
      { component: 'manager', need: 'etcd', way: 'gone' },
      { component: 'agent', need: 'etcd', way: 'gone' },
      { component: 'storage-proxy', need: 'etcd', way: 'gone' },
      { component: 'webserver', need: 'redis', way: 'silent' },
      { component: 'appproxy-coordinator', need: 'redis', way: 'silent' },
      { component: 'appproxy-worker', need: 'redis', way: 'silent' },
    ],
  },
  {
    title: 'without PostgreSQL',
    squares: [
      { component: 'manager', need: 'database', way: 'gone' },
      { component: 'appproxy-coordinator', need: 'database', way: 'gone' },
    ],
  },
  {
    title: 'with an unresponsive dependency',
    squares: [
      { component: 'manager', need: 'redis', way: 'silent', one: 0 },
      { component: 'manager', need: 'database', way: 'silent', one: 1 },
      { component: 'agent', need: 'redis', way: 'silent', one: 0 },
      { component: 'agent', need: 'container', way: 'frozen', one: 1 },
      { component: 'agent', need: 'etcd', way: 'silent', one: 1 },
      { component: 'storage-proxy', need: 'redis', way: 'silent' },
      { component: 'webserver', need: 'manager', way: 'silent' },
      { component: 'appproxy-coordinator', need: 'database', way: 'silent' },
    ],
  },
];

/** Names of the dependencies in test titles. */
export const NAMES: Record<Need, string> = {
  etcd: 'etcd',
  redis: 'Valkey',
  database: 'PostgreSQL',
  container: 'its container engine',
  manager: 'a manager',
};
