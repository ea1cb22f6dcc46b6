import type { AgentEndpoint } from '@backendai-e2e/api/connection';
import { Inconclusive } from '../../evidence/record.ts';
import { Api, BackendApiError } from '../http/api.ts';

/** Labels that the agent puts on a session's container (ai.backend.common.docker.LabelName). */
export const CONTAINER_LABELS = {
  agent: 'ai.backend.agent-id',
  kernel: 'ai.backend.kernel-id',
  session: 'ai.backend.session-id',
  ownerUser: 'ai.backend.owner-user-id',
} as const;

/** A container of the agent's Docker engine. */
export interface Container {
  id: string;
  names: string[];
  image: string;
  /** Docker's word: "created", "running", "exited", … */
  state: string;
  labels: Record<string, string>;
}

/** A container in detail. limits are in Docker's units: bytes, billionths of a CPU, microseconds. */
export interface ContainerDetail {
  id: string;
  name: string;
  image: string;
  state: { Running: boolean; Status: string; ExitCode: number; Pid: number; OOMKilled: boolean };
  labels: Record<string, string>;
  limits: {
    Memory: number;
    MemorySwap: number;
    NanoCpus: number;
    CpuPeriod: number;
    CpuQuota: number;
    CpusetCpus: string;
    ShmSize: number;
  };
  mounts: { type: string; source: string; destination: string; writable: boolean }[];
  networks: string[];
  restartCount: number;
}

/** An image that the agent's engine holds. */
export interface EngineImage {
  id: string;
  tags: string[];
  digests: string[];
  bytes: number;
}

/** What runs behind one agent, from the observer beside it and not from Backend.AI. */
export class AgentObserver {
  readonly agent: string;
  readonly #api: Api;

  /** Throws {@link Inconclusive} when the deployment has no observer for this agent. */
  constructor(endpoint: AgentEndpoint) {
    if (!endpoint.observerUrl) {
      throw new Inconclusive(`agent ${endpoint.id} has no observer, so its containers are not visible`);
    }
    this.agent = endpoint.id;
    const token = endpoint.observerToken ?? '';
    this.#api = new Api(endpoint.observerUrl, () => ({ authorization: `Bearer ${token}` }));
  }

  /** Every container, including exited ones. */
  containers(): Promise<Container[]> {
    return this.#api.json({ method: 'GET', path: '/containers' });
  }

  /** One container, or undefined when the id does not exist. */
  async container(id: string): Promise<ContainerDetail | undefined> {
    try {
      return await this.#api.json({ method: 'GET', path: `/containers/${encodeURIComponent(id)}` });
    } catch (error) {
      if (error instanceof BackendApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The names in the agent's scratch directory, which are kernel ids. */
  scratches(): Promise<string[]> {
    return this.#api.json({ method: 'GET', path: '/scratches' });
  }

  /** Networks of the engine, with the time of their creation in ISO 8601. The observer of an earlier chart refuses it with 404. */
  networks(): Promise<{ name: string; created: string }[]> {
    return this.#api.json({ method: 'GET', path: '/networks' });
  }

  /** Images that the agent's engine holds. */
  images(): Promise<EngineImage[]> {
    return this.#api.json({ method: 'GET', path: '/images' });
  }
}

/** The containers of one session or kernel on an agent, found by label. */
export async function containersOf(observer: AgentObserver, label: string, id: string): Promise<Container[]> {
  return (await observer.containers()).filter((container) => container.labels[label] === id);
}
