import type { Api } from '../http/api.ts';
import { GraphQlError } from './backend-ai.ts';

/** Operations of an administrator on images: scan registries, remove images from agents, delete their rows. */
export class ImageAdministration {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Scans the repositories of a registry whose names begin with the project. Returns when the scan is done. */
  async rescan(registry: string, project: string): Promise<void> {
    const json = { registry, project };
    await this.#api.request({
      method: 'POST',
      path: '/container-registries/rescan',
      json,
      timeoutMs: 60_000,
    });
  }

  /** Makes an agent's engine remove an image. Returns before that is done. @param name full reference */
  async removeFromAgent(agent: string, name: string, registry: string): Promise<void> {
    const query = `mutation($keys: [PurgeImagesKey]!) {
      purge_images(keys: $keys, options: {force: true, noprune: true}) { task_id } }`;
    const images = [{ name, registry, architecture: 'x86_64' }];
    const answer = await this.#api.json<{ errors?: { message: string }[] }>({
      method: 'POST',
      path: '/admin/gql',
      json: { query, variables: { keys: [{ agent_id: agent, images }] } },
    });
    if (answer.errors?.length) throw new GraphQlError(answer.errors.map((error) => error.message).join('; '));
  }

  /** Deletes the manager's row of an image. */
  async purge(id: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: '/v2/images/purge', json: { image_id: id } });
  }
}
