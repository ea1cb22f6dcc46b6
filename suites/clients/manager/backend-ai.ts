import type { Account } from '@backendai-e2e/api/connection';
import { Api } from '../http/api.ts';
import { Sessions } from './sessions.ts';
import { signedBy } from './signing.ts';
import { VFolders } from './vfolders.ts';

/** GraphQL answered with errors. */
export class GraphQlError extends Error {
  override name = 'GraphQlError';
}

/** An image as the manager knows it. */
export interface ImageInfo {
  name: string;
  tag: string;
  registry: string;
  architecture: string;
  digest: string;
}

/** An agent as the manager shows it to an administrator. */
export interface AgentInfo {
  id: string;
  status: string;
  scaling_group: string;
  schedulable: boolean;
  available_slots: string;
  occupied_slots: string;
  architecture: string;
  version: string;
}

/** The manager's API, used by one account. */
export class BackendAi {
  readonly api: Api;
  readonly sessions: Sessions;
  readonly folders: VFolders;

  /** @param requestMs as for {@link Api} */
  constructor(url: string, account: Pick<Account, 'accessKey' | 'secretKey'>, requestMs?: number) {
    this.api = new Api(url, signedBy(account), requestMs);
    this.sessions = new Sessions(this.api);
    this.folders = new VFolders(this.api);
  }

  /** The legacy GraphQL API (/admin/gql). Throws {@link GraphQlError} with the server's messages. */
  async graphql<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const answer = await this.api.json<{ data?: T; errors?: { message: string }[] }>({
      method: 'POST',
      path: '/admin/gql',
      json: { query, variables },
    });
    if (answer.errors?.length) {
      throw new GraphQlError(answer.errors.map((error) => error.message).join('; '));
    }
    if (!answer.data) throw new GraphQlError(`no data in ${JSON.stringify(answer)}`);
    return answer.data;
  }

  /** Every agent of the deployment (administrators only). */
  async agents(): Promise<AgentInfo[]> {
    const fields = 'id status scaling_group schedulable available_slots occupied_slots architecture version';
    const query = `query { agent_list(limit: 100, offset: 0) { items { ${fields} } } }`;
    return (await this.graphql<{ agent_list: { items: AgentInfo[] } }>(query)).agent_list.items;
  }

  /** Every image that the manager has scanned. */
  async images(): Promise<ImageInfo[]> {
    const query = 'query { images { name tag registry architecture digest } }';
    return (await this.graphql<{ images: ImageInfo[] }>(query)).images;
  }
}
