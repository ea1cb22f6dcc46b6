import type { Component } from '@backendai-e2e/api/components';
import { Api, BackendApiError, NoAnswer } from '../clients/http/api.ts';
import { eachManager, registeredHost } from '../clients/manager/discovery.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import type { World } from '../fixtures/world.ts';

/**
 * A component checks its dependencies every 60 s (HealthProbeOptions in ai.backend.common.health_checker.probe), all at
 * once, each for at most 5 s. Its endpoints report the last result.
 */
export const LOOK_SECONDS = 60;
export const LOOK_TAKES_SECONDS = 5;

/** Backend.AI's names of dependencies (ai.backend.common.health_checker.types). */
export type Need = 'etcd' | 'redis' | 'database' | 'container' | 'manager';

/** One checked dependency of a component. */
export interface Check {
  service_group: string;
  component_id: string;
  is_healthy: boolean;
  /** ISO 8601. */
  last_checked_at: string;
  error_message: string | null;
}

/** A component's answer at /health. */
export interface Health {
  status: 'ok' | 'degraded' | 'error';
  version: string;
  component: string;
  connectivity: { overall_healthy: boolean; connectivity_checks: Check[] };
}

/** Endpoints of a component. publicProbes: the probes at its public port, beside those at the internal port. */
interface Endpoints {
  port: number;
  health: string;
  livez: string;
  readyz: string;
  metrics?: string;
  publicProbes?: { port: number; livez: string; readyz: string };
}

const SHORT = { health: '/health', livez: '/livez', readyz: '/readyz' };
const LONG = { health: '/health', livez: '/health/livez', readyz: '/health/readyz' };
const METRICS = { metrics: '/metrics' };

/** Ports as in charts/backend-ai. The webserver has no metrics. */
const ENDPOINTS: Record<Component, Endpoints> = {
  manager: {
    port: 18080,
    ...LONG,
    ...METRICS,
    publicProbes: { port: 8081, livez: LONG.livez, readyz: LONG.readyz },
  },
  agent: { port: 6003, ...SHORT, ...METRICS },
  'storage-proxy': {
    port: 16023,
    ...SHORT,
    ...METRICS,
    publicProbes: { port: 6022, livez: SHORT.livez, readyz: SHORT.readyz },
  },
  webserver: { port: 8090, ...SHORT },
  'appproxy-coordinator': { port: 10200, ...LONG, ...METRICS },
  'appproxy-worker': { port: 10201, ...LONG, ...METRICS },
};

/** Dependencies of one process (its checks in ai.backend.*). It is ready with all of them, alive with the vital ones. */
export const NEEDS: Record<Component, { vital: readonly Need[]; ready: readonly Need[] }> = {
  manager: { vital: ['etcd', 'redis'], ready: ['database'] },
  agent: { vital: ['etcd', 'container', 'redis'], ready: [] },
  'storage-proxy': { vital: ['etcd', 'redis'], ready: [] },
  webserver: { vital: ['redis'], ready: ['manager'] },
  'appproxy-coordinator': { vital: ['redis'], ready: ['database'] },
  'appproxy-worker': { vital: ['redis'], ready: [] },
};

/** The answers of one process's endpoints at one moment. */
export interface Look {
  /** HTTP status, the same at each port that has the endpoint. */
  livez: number;
  readyz: number;
  health: Health;
  /** Names of unhealthy dependencies. */
  ill: string[];
  /** Names of all reported dependencies. */
  known: string[];
  /** Time of its latest check, or 1970 when it reports none. */
  lookedAt: Date;
}

/** Summarizes the answers of a process. A dependency is ill when any part of it is, and unknown when it is missing. */
export function reading(livez: number, readyz: number, health: Health): Look {
  const checks = health.connectivity.connectivity_checks;
  const groups = (some: readonly Check[]) => [...new Set(some.map((check) => check.service_group))].sort();
  return {
    livez,
    readyz,
    health,
    ill: groups(checks.filter((check) => !check.is_healthy)),
    known: groups(checks),
    lookedAt: new Date(Math.max(0, ...checks.map((check) => Date.parse(check.last_checked_at)))),
  };
}

/** One process with health endpoints, addressed at its pod, because Services route to ready pods only. */
export class HealthTarget {
  readonly component: Component;
  /** Name of its pod, or "" for a component with one pod. */
  readonly pod: string;
  readonly #host: string;

  constructor(component: Component, pod: string, host: string) {
    this.component = component;
    this.pod = pod;
    this.#host = host;
  }

  get name(): string {
    return this.pod || this.component;
  }

  /**
   * Requests every endpoint, over one connection for each port. The webserver has up to four processes with separate checks
   * (start_server in ai.backend.web.server). A connection stays with one of them. Throws when an endpoint does not answer or
   * ports disagree. Also throws when the process checked again in between, because the answers then differ in time.
   */
  async look(): Promise<Look> {
    const { port, livez, readyz, publicProbes } = ENDPOINTS[this.component];
    const inside = this.#api(port);
    const before = await this.#health(inside);
    const [alive, ready] = await Promise.all([status(inside, livez), status(inside, readyz)]);
    let open = [alive, ready];
    if (publicProbes) {
      const outside = this.#api(publicProbes.port);
      open = await Promise.all([status(outside, publicProbes.livez), status(outside, publicProbes.readyz)]);
    }
    const look = reading(alive, ready, await this.#health(inside));
    if (reading(alive, ready, before).lookedAt.getTime() !== look.lookedAt.getTime()) {
      throw new CheckedAgain(`${this.name} checked again at ${look.lookedAt.toISOString()}`);
    }
    if (open[0] !== alive || open[1] !== ready) {
      throw new Error(
        `${this.name} answers ${alive}, ${ready} at port ${port}, and ${open} at its public port`,
      );
    }
    return look;
  }

  /** Its metrics in Prometheus' text format, or undefined when it has none. */
  async metrics(): Promise<string | undefined> {
    const { port, metrics } = ENDPOINTS[this.component];
    if (!metrics) return undefined;
    const answer = await this.#api(port).request({ method: 'GET', path: metrics });
    return answer.bytes.toString();
  }

  /** Waits until it has checked its dependencies after a moment, and returns the result. */
  lookAfter(moment: Date, why: string): Promise<Look> {
    return waitUntil(
      `${this.name} to look at what it needs after ${moment.toISOString()} (${why})`,
      async () => {
        const look = await this.look();
        return look.lookedAt > moment ? look : notYet({ lookedAt: look.lookedAt, known: look.known });
      },
      { deadlineSeconds: LOOK_SECONDS + 6 * LOOK_TAKES_SECONDS, everyMs: 500, tolerate: mayPass },
    );
  }

  async #health(api: Api): Promise<Health> {
    const { health } = ENDPOINTS[this.component];
    const answer = await api.request({ method: 'GET', path: health });
    // The worker of the app proxy sends JSON in a JSON string.
    return JSON.parse(typeof answer.body === 'string' ? answer.body : answer.bytes.toString());
  }

  #api(port: number): Api {
    return new Api(`http://${this.#host}:${port}`, undefined, 10_000, { connections: 1 });
  }
}

/** The HTTP status of any answer. Throws when there is none. */
async function status(api: Api, path: string): Promise<number> {
  try {
    return (await api.request({ method: 'GET', path })).status;
  } catch (error) {
    if (error instanceof BackendApiError) return error.status;
    throw error;
  }
}

/** A process checked its dependencies between two requests. */
class CheckedAgain extends Error {
  override name = 'CheckedAgain';
}

/** Errors that may not occur at the next try. The deadline reports a process that never answers. */
function mayPass(error: unknown): boolean {
  return error instanceof CheckedAgain || error instanceof NoAnswer;
}

/**
 * Every process with health endpoints. The webserver is not registered: its address is its Service, or the address in a
 * fault's receipt. Throws {@link Inconclusive} when a component is missing.
 */
export async function healthTargets(world: World): Promise<HealthTarget[]> {
  const { connection } = world;
  const host = (url: string): string => new URL(url).hostname;
  const { each } = await eachManager(world);
  const found = [
    ...each.map((manager) => new HealthTarget('manager', manager.id.replace(/^i-/, ''), manager.host)),
    ...connection.agents.map(
      ({ id, httpUrl }) => new HealthTarget('agent', id.replace(/^i-/, ''), host(httpUrl)),
    ),
    new HealthTarget('webserver', '', host(connection.webserver.url)),
  ];
  for (const component of ['storage-proxy', 'appproxy-coordinator', 'appproxy-worker'] as const) {
    found.push(new HealthTarget(component, '', await registeredHost(world.valkey, component)));
  }
  return found;
}
