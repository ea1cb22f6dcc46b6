import type { Connection } from '@backendai-e2e/api/connection';
import { Api, BackendApiError } from '../http/api.ts';

/** An object's metadata from the storage-proxy (ObjectMetaResponse). etag: in double quotes. */
export interface ObjectMeta {
  content_length: number;
  content_type: string | null;
  last_modified: string;
  etag: string;
  metadata: Record<string, string>;
}

/** A form that a browser may post to the S3 server. */
export interface PresignedPost {
  url: string;
  fields: Record<string, string>;
}

/** The storage-proxy's API of object storages (/v1/storages/s3), which managers use. */
export class ObjectStorage {
  readonly api: Api;
  readonly #path: string;
  readonly #url: string;
  readonly #secret: string;

  /** @param storage name of the storage in the storage-proxy's configuration */
  constructor(
    connection: Connection['storageProxy'],
    bucket: string,
    storage = 's3',
    secret: string = connection.managerSecret,
  ) {
    this.api = new Api(connection.managerUrl, () => ({ 'x-backendai-storage-auth-token': secret }));
    this.#url = connection.managerUrl.replace(/\/+$/, '');
    this.#secret = secret;
    const [name, place] = [storage, bucket].map(encodeURIComponent);
    this.#path = `/v1/storages/s3/${name}/buckets/${place}/object`;
  }

  /** Size, type and time of an object. */
  meta(key: string, timeoutMs?: number): Promise<ObjectMeta> {
    return this.api.json({ method: 'GET', path: `${this.#path}/meta`, json: { key }, ...limit(timeoutMs) });
  }

  /** The bytes of an object. */
  async get(key: string, timeoutMs?: number): Promise<Buffer> {
    const path = `${this.#path}/download`;
    return (await this.api.request({ method: 'POST', path, json: { key }, ...limit(timeoutMs) })).bytes;
  }

  /** Starts a download. The stream delivers bytes as they are read, and an error when the download breaks off. */
  async open(key: string): Promise<ReadableStream<Uint8Array>> {
    const answer = await fetch(`${this.#url}${this.#path}/download`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-backendai-storage-auth-token': this.#secret },
      body: JSON.stringify({ key }),
    });
    if (!answer.ok || !answer.body) {
      throw new BackendApiError(`POST ${this.#path}/download`, answer.status, await answer.text());
    }
    return answer.body;
  }

  /** Deletes an object, or everything below a key that ends with "/". */
  async delete(key: string, timeoutMs?: number): Promise<void> {
    await this.api.request({ method: 'DELETE', path: this.#path, json: { key }, ...limit(timeoutMs) });
  }

  /** Stores an object. */
  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const form = new FormData();
    form.append('key', key);
    form.append('file', new Blob([bytes]), 'object');
    await this.api.request({ method: 'POST', path: `${this.#path}/upload`, form });
  }

  /** A form with which anyone may upload this one object. */
  presignUpload(key: string): Promise<PresignedPost> {
    return this.api.json({ method: 'POST', path: `${this.#path}/presigned/upload`, json: { key } });
  }

  /** A URL with which anyone may download this one object. */
  async presignDownload(key: string): Promise<string> {
    const path = `${this.#path}/presigned/download`;
    return (await this.api.json<{ url: string }>({ method: 'POST', path, json: { key } })).url;
  }
}

function limit(timeoutMs: number | undefined): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}
