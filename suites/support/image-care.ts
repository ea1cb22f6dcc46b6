import { BackendApiError } from './api.ts';
import { ImageAdministration } from './images.ts';
import type { Ledger } from './ledger.ts';
import { ContainerRegistry, type Manifest } from './registry.ts';
import { notYet, waitUntil } from './waiting.ts';
import type { World } from './world.ts';

/** Until an agent that was told to remove an image has done so. */
const REMOVE_SECONDS = 50;

/** The observer waited for the agent's engine in vain: on a busy machine it is slow to delete layers. */
const engineIsBusy = (error: unknown): boolean => error instanceof BackendApiError && error.status === 502;

/** A row of table images, as far as suites look at it. config_digest: id of the image. */
export interface ImageRow {
  id: string;
  name: string;
  config_digest: string;
  status: string;
}

/**
 * Images that a suite makes out of the kernel image: the same layers under tags of its own. Gone afterwards from registry,
 * manager and agents.
 */
export class ImageCare {
  readonly #world: World;
  readonly registry: ContainerRegistry;
  readonly administration: ImageAdministration;
  /** For example "stable/python". */
  readonly repository: string;
  readonly #original: Manifest;

  private constructor(world: World, registry: ContainerRegistry, repository: string, original: Manifest) {
    this.#world = world;
    this.registry = registry;
    this.administration = new ImageAdministration(world.admin.api);
    this.repository = repository;
    this.#original = original;
  }

  /** Throws when the registry does not have the kernel image. */
  static async of(world: World): Promise<ImageCare> {
    const { name: host, kernelImage } = world.connection.registry;
    const registry = new ContainerRegistry(world.connection.registry);
    const colon = kernelImage.lastIndexOf(':');
    const repository = kernelImage.slice(host.length + 1, colon);
    const original = await registry.manifest(repository, kernelImage.slice(colon + 1));
    if (!original) throw new Error(`the registry does not have ${kernelImage}`);
    return new ImageCare(world, registry, repository, original);
  }

  /** Full reference of a tag. @param host name of the registry, by default that of the kernel image */
  referenceOf(tag: string, host: string = this.#world.connection.registry.name): string {
    return `${host}/${this.repository}:${tag}`;
  }

  /** What the manager's database has under that reference. */
  rows(reference: string): Promise<ImageRow[]> {
    return this.#world.database.rows(
      `SELECT id, name, trim(config_digest) AS config_digest, status::text FROM images WHERE name = $1`,
      [reference],
    );
  }

  /** Has the manager scan a registry, by default that of the kernel image. */
  scan(host: string = this.#world.connection.registry.name): Promise<void> {
    return this.administration.rescan(host, this.#world.connection.registry.project);
  }

  /** The agents whose engines hold the image. */
  async holders(reference: string): Promise<string[]> {
    const held = await Promise.all(
      this.#world
        .observers()
        .map(async (observer) => ({ agent: observer.agent, images: await observer.images() })),
    );
    return held
      .filter((one) => one.images.some((image) => image.tags.includes(reference)))
      .map((one) => one.agent);
  }

  /**
   * A tag of the suite's own: no dashes, because Backend.AI reads what stands between them as parts of an image.
   * @param host the registry that agents will know it by
   */
  newTag(
    what: string,
    ledger: Ledger = this.#world.afterTest,
    host: string = this.#world.connection.registry.name,
  ): string {
    const tag = `e2e${what}${this.#world.run}`;
    const reference = this.referenceOf(tag, host);
    ledger.add(`rows of image ${reference}`, async () => {
      for (const row of await this.rows(reference)) await this.administration.purge(row.id);
    });
    ledger.add(`image ${reference} on the agents`, async () => {
      for (const agent of await this.holders(reference)) {
        await this.administration.removeFromAgent(agent, reference, host);
      }
      await waitUntil(
        'the agents to be without the image',
        async () => {
          const left = await this.holders(reference);
          return left.length === 0 ? undefined : notYet(left);
        },
        { deadlineSeconds: REMOVE_SECONDS, tolerate: engineIsBusy },
      );
    });
    return tag;
  }

  /** Puts an image into the registry under the tag; another note makes another image. */
  async push(tag: string, note: string, ledger: Ledger = this.#world.afterTest): Promise<Manifest> {
    const made = await this.registry.relabel(this.repository, this.#original, tag, {
      'e2e.run': this.#world.run,
      'e2e.note': note,
    });
    ledger.add(`manifest ${made.digest} in the registry`, async () => {
      if (await this.registry.manifest(this.repository, made.digest))
        await this.registry.deleteManifest(this.repository, made.digest);
    });
    return made;
  }
}

/** The error that a scan was answered with. Throws where it was answered as a success, or not at all. */
export async function refusedScan(scan: Promise<void>): Promise<BackendApiError> {
  try {
    await scan;
  } catch (error) {
    if (error instanceof BackendApiError) return error;
    throw error;
  }
  throw new Error('the scan must be refused, but was answered as a success');
}
