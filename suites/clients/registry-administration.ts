import type { Ledger } from '../fixtures/cleanup-stack.ts';
import type { World } from '../fixtures/world.ts';
import { ImageAdministration } from './image-administration.ts';

/** A registry that Backend.AI is told of. */
export interface NewRegistry {
  /** As it stands in references of images. */
  name: string;
  /** Prefix of the repositories that are scanned. */
  project: string;
  username: string;
  password: string;
}

/** What an administrator does with container registries: REST API v2. */
export class RegistryAdministration {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Makes a registry known to all; the ledger has Backend.AI forget it, with the images that were found in it. */
  async add(registry: NewRegistry, ledger: Ledger): Promise<string> {
    const { name, project, username, password } = registry;
    const path = '/v2/container-registries';
    const { api } = this.#world.admin;
    const made = await api.json<{ registry: { id: string } }>({
      method: 'POST',
      path,
      json: {
        url: `http://${name}`,
        registry_name: name,
        type: 'docker',
        project,
        username,
        password,
        is_global: true,
      },
    });
    const { id } = made.registry;
    ledger.add(`registry ${name}`, async () => {
      const images = new ImageAdministration(api);
      const sql = 'SELECT id FROM images WHERE registry_id = $1';
      for (const image of await this.#world.database.rows<{ id: string }>(sql, [id])) {
        await images.purge(image.id);
      }
      await api.request({ method: 'POST', path: `${path}/delete`, json: { id } });
    });
    return id;
  }

  async setPassword(id: string, password: string): Promise<void> {
    const json = { id, password };
    await this.#world.admin.api.request({ method: 'PATCH', path: '/v2/container-registries', json });
  }

  /** What the API tells of all registries, as it stands in the answer. */
  async found(): Promise<string> {
    const path = '/v2/container-registries/search';
    const json = { limit: 50, offset: 0 };
    return (await this.#world.admin.api.request({ method: 'POST', path, json })).bytes.toString();
  }
}
