import { recorder } from '../../evidence/record.ts';
import { notYet, WaitTimeout, waitUntil } from '../../evidence/waiting.ts';
import type { Database } from '../data-stores/database.ts';
import type { Api } from '../http/api.ts';
import type { AppProxy } from './app-proxy.ts';

/**
 * Longest time until a change of a model service's replicas has reached the app proxy. A new replica takes a session and four
 * cycles of the leader (_create_task_specs in ai.backend.manager.sokovan.deployment). Each comes up to 60 s after the last.
 */
export const SERVING_SECONDS = 300;
/** Longest time until the session of a removed replica has ended. It has 30 s to finish its work. */
export const RELEASE_SECONDS = 150;
/** Time from the request for a service until its first replica exists: 10 to 30 s on two busy cores. */
export const BEGUN_SECONDS = 75;
/** Longest time until a deleted model service is gone from the app proxy. The leader checks every 5 s. */
const GONE_SECONDS = 50;

/** Body of POST /services (NewServiceRequestModel): the fields that suites use. */
export interface NewModelService {
  name: string;
  /** Number of replicas. */
  desired_session_count: number;
  lang: string;
  group: string;
  domain: string;
  open_to_public: boolean;
  /** Tags, separated by commas. */
  tag?: string;
  config: {
    /** Id or name of a vfolder whose usage mode is "model". */
    model: string;
    scalingGroup: string;
    resources: Record<string, string | number>;
    resource_opts?: { shmem?: string };
  };
}

/** A model service as the API shows it. service_endpoint: its URL at the app proxy, which never changes. */
export interface ModelServiceInfo {
  endpoint_id: string;
  model_id: string | null;
  name: string;
  replicas: number;
  active_routes: { route_id: string; session_id: string | null; traffic_ratio: number }[];
  service_endpoint: string | null;
  is_public: boolean;
}

/** The v1 API of model services (/services). */
export class ModelServices {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Creates a service. Its replicas start later. */
  create(service: NewModelService): Promise<ModelServiceInfo> {
    return this.#api.json({ method: 'POST', path: '/services', json: service });
  }

  /** One service. */
  info(id: string): Promise<ModelServiceInfo> {
    return this.#api.json({ method: 'GET', path: `/services/${id}` });
  }

  /**
   * The URL of a service at the app proxy. Waits for it: the manager stores the URL after the coordinator has made the
   * circuit. A service has no replica yet at that time.
   */
  url(id: string): Promise<string> {
    return waitUntil(
      `a URL of model service ${id}`,
      async () => (await this.info(id)).service_endpoint ?? notYet('the manager has none'),
      { deadlineSeconds: SERVING_SECONDS },
    );
  }

  /** Services of the caller. active_route_count: replicas that are healthy. */
  list(): Promise<{ id: string; name: string; replicas: number; active_route_count: number }[]> {
    return this.#api.json({ method: 'GET', path: '/services' });
  }

  /** Sets the number of replicas. Returns the number before and the number wanted. */
  scale(id: string, to: number): Promise<{ current_route_count: number; target_count: number }> {
    return this.#api.json({ method: 'POST', path: `/services/${id}/scale`, json: { to } });
  }

  /** A token for a private service. @param validUntil seconds since 1970 */
  async token(id: string, validUntil: number): Promise<string> {
    const { token } = await this.#api.json<{ token: string }>({
      method: 'POST',
      path: `/services/${id}/token`,
      json: { valid_until: validUntil },
    });
    recorder.secrets.add([token]);
    return token;
  }

  /** Sets a replica's share of the requests, relative to the other replicas. */
  async setTrafficRatio(id: string, route: string, ratio: number): Promise<void> {
    const json = { traffic_ratio: ratio };
    await this.#api.request({ method: 'PUT', path: `/services/${id}/routings/${route}`, json });
  }

  /** Removes a service. Its replicas end later. */
  async remove(id: string): Promise<void> {
    await this.#api.request({ method: 'DELETE', path: `/services/${id}` });
  }
}

/** A replica: a row of table routings. */
export interface ReplicaRow {
  id: string;
  session: string | null;
  status: 'provisioning' | 'running' | 'terminating' | 'terminated' | 'failed_to_start';
  health_status: 'not_checked' | 'healthy' | 'unhealthy' | 'degraded';
  traffic_status: 'active' | 'inactive';
  replica_host: string | null;
  replica_port: number | null;
}

/** Ids of the sessions of replicas, sorted. */
export function sessionsOf(replicas: readonly ReplicaRow[]): string[] {
  return replicas.map(({ session }) => String(session)).sort();
}

/** Route of the requests for a model service: a row of the app proxy's table circuits. */
export interface ServiceCircuit {
  id: string;
  app_mode: string;
  open_to_public: boolean;
  port: number | null;
  worker: string;
  route_info: {
    route_id: string;
    session_id: string;
    kernel_host: string;
    kernel_port: number;
    traffic_ratio: number;
  }[];
}

/** Reads the state of one model service from the databases of the manager and of the app proxy. */
export class ModelServiceWatch {
  readonly #id: string;
  readonly #database: Database;
  readonly proxy: AppProxy;

  constructor(id: string, database: Database, proxy: AppProxy) {
    this.#id = id;
    this.#database = database;
    this.proxy = proxy;
  }

  /** Every current and former replica of the service, oldest first. */
  replicas(): Promise<ReplicaRow[]> {
    return this.#database.rows(
      `SELECT id, session, lower(status::text) AS status, lower(health_status::text) AS health_status,
              lower(traffic_status::text) AS traffic_status, replica_host, replica_port
         FROM routings WHERE endpoint = $1 ORDER BY created_at, id`,
      [this.#id],
    );
  }

  /** Whether a replica of the service exists within {@link BEGUN_SECONDS}. */
  async begun(): Promise<boolean> {
    try {
      await waitUntil(
        `model service ${this.#id} to begin a replica`,
        async () => ((await this.replicas()).length > 0 ? undefined : notYet('none')),
        { deadlineSeconds: BEGUN_SECONDS },
      );
      return true;
    } catch (error) {
      if (error instanceof WaitTimeout) return false;
      throw error;
    }
  }

  /** The route of its requests; undefined until the coordinator has made it. */
  async circuit(): Promise<ServiceCircuit | undefined> {
    const [circuit] = await this.proxy.database.rows<ServiceCircuit>(
      `SELECT id, lower(app_mode::text) AS app_mode, open_to_public, port, worker, route_info
         FROM circuits WHERE endpoint_id = $1`,
      [this.#id],
    );
    return circuit;
  }

  /** Waits until `count` replicas are healthy and receive requests, for manager and app proxy alike. Returns them. */
  serving(count: number, deadlineSeconds = SERVING_SECONDS): Promise<ReplicaRow[]> {
    return waitUntil(
      `${count} replicas of model service ${this.#id} to be served`,
      async () => {
        const all = await this.replicas();
        const routed = (await this.circuit())?.route_info.map((route) => route.session_id).sort() ?? [];
        const used = all.filter((one) => one.status === 'running' && one.traffic_status === 'active');
        const healthy = used.filter((one) => one.health_status === 'healthy');
        const sessions = healthy.map((one) => String(one.session)).sort();
        const agree = routed.join() === sessions.join();
        if (used.length === count && healthy.length === count && agree) return healthy;
        const states = all.map((one) => `${one.session} ${one.status} ${one.health_status}`);
        return notYet({ replicas: states, routed });
      },
      { deadlineSeconds },
    );
  }

  /** The life-cycle stage of the service in the manager's database, or undefined when it never existed. */
  async stage(): Promise<string | undefined> {
    const sql = 'SELECT lower(lifecycle_stage::text) AS stage FROM endpoints WHERE id = $1';
    return (await this.#database.rows<{ stage: string }>(sql, [this.#id]))[0]?.stage;
  }

  /** Waits until the service is gone from manager and app proxy. */
  async gone(): Promise<void> {
    await waitUntil(
      `model service ${this.#id} to be gone`,
      async () => {
        const stage = await this.stage();
        const circuit = await this.circuit();
        return stage === 'destroyed' && !circuit ? undefined : notYet({ stage, circuit: circuit?.id });
      },
      { deadlineSeconds: GONE_SECONDS },
    );
  }
}

/**
 * Deletes a model service in any state. The manager calls it destroyed even when the coordinator was not informed
 * (DestroyingDeploymentHandler.status_transitions). This function then removes the remaining circuit.
 */
export async function removeModelService(
  services: ModelServices,
  watch: ModelServiceWatch,
  id: string,
): Promise<void> {
  const stage = (await watch.stage()) ?? 'destroyed';
  if (!stage.startsWith('destroy')) await services.remove(id);
  await waitUntil(
    `model service ${id} to be destroyed`,
    async () => {
      const now = (await watch.stage()) ?? 'destroyed';
      return now === 'destroyed' ? undefined : notYet(now);
    },
    { deadlineSeconds: GONE_SECONDS },
  );
  const circuit = await watch.circuit();
  if (circuit) await watch.proxy.removeCircuit(circuit.id);
}
