import { createHash } from 'node:crypto';
import type { Connection } from '@backendai-e2e/api/connection';
import { Api, BackendApiError } from '../http/api.ts';

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** A manifest in the registry. digest: of the manifest. config: digest of the image's configuration, which is its id. */
export interface Manifest {
  digest: string;
  mediaType: string;
  config: string;
  content: { config: { digest: string; size: number }; layers: unknown[] };
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The container registry itself, through the distribution API and not through Backend.AI. */
export class ContainerRegistry {
  readonly #api: Api;

  /** @param credentials for a registry with a password */
  constructor(
    connection: Pick<Connection['registry'], 'url'>,
    credentials?: { username: string; password: string },
  ) {
    const pair = credentials && Buffer.from(`${credentials.username}:${credentials.password}`);
    this.#api = new Api(connection.url, () =>
      pair ? { authorization: `Basic ${pair.toString('base64')}` } : {},
    );
  }

  /** The manifest of a tag or digest, or undefined. @param repository for example "stable/python" */
  async manifest(repository: string, reference: string): Promise<Manifest | undefined> {
    try {
      const answer = await this.#api.request({
        method: 'GET',
        path: `/v2/${repository}/manifests/${reference}`,
        headers: { accept: MANIFEST_TYPES },
      });
      const content: Manifest['content'] = JSON.parse(answer.bytes.toString());
      return {
        digest: sha256(answer.bytes),
        mediaType: String(answer.headers['content-type']),
        config: content.config.digest,
        content,
      };
    } catch (error) {
      if (error instanceof BackendApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Creates an image with the layers of another one and its own labels, so with another id and digest.
   * @returns its manifest
   */
  async relabel(
    repository: string,
    from: Manifest,
    tag: string,
    labels: Record<string, string>,
  ): Promise<Manifest> {
    const blob = await this.#api.request({ method: 'GET', path: `/v2/${repository}/blobs/${from.config}` });
    const image: { config: { Labels?: Record<string, string> } } = JSON.parse(blob.bytes.toString());
    image.config.Labels = { ...image.config.Labels, ...labels };
    const config = await this.#putBlob(repository, image);
    const content = {
      ...from.content,
      config: { ...from.content.config, ...config },
    };
    await this.#api.request({
      method: 'PUT',
      path: `/v2/${repository}/manifests/${tag}`,
      json: content,
      headers: { 'content-type': from.mediaType },
    });
    const made = await this.manifest(repository, tag);
    if (!made) throw new Error(`the registry took ${repository}:${tag}, but does not have it`);
    return made;
  }

  /** Every tag of every repository, as repository:tag. */
  async tags(): Promise<string[]> {
    const { repositories } = await this.#api.json<{ repositories: string[] }>({
      method: 'GET',
      path: '/v2/_catalog',
      query: { n: 1000 },
    });
    const found = await Promise.all(
      repositories.map(async (repository) => {
        const path = `/v2/${repository}/tags/list`;
        // A repository whose last tag was deleted answers null.
        const { tags } = await this.#api.json<{ tags: string[] | null }>({ method: 'GET', path });
        return (tags ?? []).map((tag) => `${repository}:${tag}`);
      }),
    );
    return found.flat();
  }

  /** Deletes a manifest and all its tags. */
  async deleteManifest(repository: string, digest: string): Promise<void> {
    await this.#api.request({ method: 'DELETE', path: `/v2/${repository}/manifests/${digest}` });
  }

  async #putBlob(repository: string, json: unknown): Promise<{ digest: string; size: number }> {
    const content = Buffer.from(JSON.stringify(json));
    const digest = sha256(content);
    const begun = await this.#api.request({ method: 'POST', path: `/v2/${repository}/blobs/uploads/` });
    const upload = new URL(String(begun.headers.location), 'http://registry');
    await this.#api.request({
      method: 'PUT',
      path: upload.pathname,
      query: { ...Object.fromEntries(upload.searchParams), digest },
      json,
      headers: { 'content-type': 'application/octet-stream' },
    });
    return { digest, size: content.length };
  }
}
