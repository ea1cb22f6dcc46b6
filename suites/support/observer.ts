import type { AgentEndpoint } from '../../operator/api/connection.ts';
import { Api, BackendApiError } from './api.ts';
import { Inconclusive } from './record.ts';

/** Labels that the agent puts on a session's container (ai.backend.common.docker.LabelName). */
export const CONTAINER_LABELS = {
  agent: 'ai.backend.agent-id',
  kernel: 'ai.backend.kernel-id',
  session: 'ai.backend.session-id',
  ownerUser: 'ai.backend.owner-user-id',
} as const;

/** A container of the agent's Docker engine, as its list says (Docker's own names). */
export interface Container {
  Id: string;
  Image: string;
  State: string;
  Labels: Record<string, string>;
}

/** A container in detail, as far as suites look at it (Docker's own names). */
export interface ContainerDetail {
  Id: string;
  State: { Running: boolean; Status: string; ExitCode: number; Pid: number };
  Config: { Image: string; Labels: Record<string, string> };
  HostConfig: { NanoCpus: number; CpusetCpus: string; Memory: number; ShmSize: number };
}

/** What really runs behind one agent: asked of the observer beside it, not of Backend.AI. */
export class AgentObserver {
  readonly agent: string;
  readonly #api: Api;

  /** Throws {@link Inconclusive} when the deployment has no observer for this agent. */
  constructor(endpoint: AgentEndpoint) {
    if (!endpoint.observerUrl) {
      throw new Inconclusive(`agent ${endpoint.id} has no observer: nobody can see its containers`);
    }
    this.agent = endpoint.id;
    const token = endpoint.observerToken ?? '';
    this.#api = new Api(endpoint.observerUrl, () => ({ authorization: `Bearer ${token}` }));
  }

  /** Every container, those that have exited included. */
  containers(): Promise<Container[]> {
    return this.#api.json({ method: 'GET', path: '/containers' });
  }

  /** One container, or undefined when there is none of that id. */
  async container(id: string): Promise<ContainerDetail | undefined> {
    try {
      return await this.#api.json({ method: 'GET', path: `/containers/${encodeURIComponent(id)}` });
    } catch (error) {
      if (error instanceof BackendApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Names in the agent's scratch directory: kernel ids. */
  scratches(): Promise<string[]> {
    return this.#api.json({ method: 'GET', path: '/scratches' });
  }

  /** References of the images that the engine holds. */
  images(): Promise<string[]> {
    return this.#api.json({ method: 'GET', path: '/images' });
  }
}

/** The containers of one session or kernel on an agent, found by label. */
export async function containersOf(observer: AgentObserver, label: string, id: string): Promise<Container[]> {
  return (await observer.containers()).filter((container) => container.Labels[label] === id);
}
