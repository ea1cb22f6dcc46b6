import { createHash, createHmac } from 'node:crypto';
import type { Connection } from '@backendai-e2e/api/connection';
import { Api, BackendApiError } from '../http/api.ts';

/** An object's metadata as the storage-proxy tells it (ObjectMetaResponse). etag: in double quotes. */
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

  meta(key: string, timeoutMs?: number): Promise<ObjectMeta> {
    return this.api.json({ method: 'GET', path: `${this.#path}/meta`, json: { key }, ...limit(timeoutMs) });
  }

  async get(key: string, timeoutMs?: number): Promise<Buffer> {
    const path = `${this.#path}/download`;
    return (await this.api.request({ method: 'POST', path, json: { key }, ...limit(timeoutMs) })).bytes;
  }

  /** Begins a download; its bytes come as fast as they are read, and an error where it breaks off. */
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

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const form = new FormData();
    form.append('key', key);
    form.append('file', new Blob([bytes]), 'object');
    await this.api.request({ method: 'POST', path: `${this.#path}/upload`, form });
  }

  presignUpload(key: string): Promise<PresignedPost> {
    return this.api.json({ method: 'POST', path: `${this.#path}/presigned/upload`, json: { key } });
  }

  async presignDownload(key: string): Promise<string> {
    const path = `${this.#path}/presigned/download`;
    return (await this.api.json<{ url: string }>({ method: 'POST', path, json: { key } })).url;
  }
}

/**
 * The S3 server itself, asked with signed requests of version 4 (AWS4-HMAC-SHA256, payload unsigned): what an object
 * really is, behind the storage-proxy's back.
 */
export class S3Server {
  readonly #s3: Connection['s3'];

  constructor(s3: Connection['s3']) {
    this.#s3 = s3;
  }

  /** Sends one request about an object, or about the bucket where key is "". Returns any answer there is. */
  async request(
    method: 'GET' | 'HEAD' | 'PUT' | 'DELETE',
    key: string,
    options: { query?: Record<string, string>; body?: Uint8Array<ArrayBuffer>; bucket?: string } = {},
  ): Promise<Response> {
    const bucket = options.bucket ?? this.#s3.bucket;
    const path = `/${[bucket, ...(key ? key.split('/') : [])].map(strictEncode).join('/')}`;
    const query = Object.entries(options.query ?? {})
      .map(([name, value]) => `${strictEncode(name)}=${strictEncode(value)}`)
      .sort()
      .join('&');
    const url = new URL(`${this.#s3.endpoint}${path}${query ? `?${query}` : ''}`);
    const headers = this.#sign(method, path, query, url.host);
    const body = options.body === undefined ? {} : { body: options.body };
    return fetch(url, { method, headers, ...body, signal: AbortSignal.timeout(60_000) });
  }

  async put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await this.request('PUT', key, { body });
    if (!answer.ok) throw new Error(`PUT ${key} to the S3 server: ${answer.status} ${await answer.text()}`);
  }

  /** The object's bytes, or undefined when there is none of that key. */
  async get(key: string): Promise<Buffer | undefined> {
    const answer = await this.request('GET', key);
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`GET ${key} of the S3 server: ${answer.status} ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  /** Keys that begin with a prefix, at most 1000. */
  async keys(prefix: string): Promise<string[]> {
    const answer = await this.request('GET', '', { query: { 'list-type': '2', prefix } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`listing ${prefix} of the S3 server: ${answer.status} ${text}`);
    return listed(text).map(({ key }) => key);
  }

  /** Every object of the bucket and when it was last written. Throws an Error when there are more than 1000. */
  async objects(): Promise<{ key: string; at: Date }[]> {
    const answer = await this.request('GET', '', { query: { 'list-type': '2' } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`listing the S3 server: ${answer.status} ${text}`);
    if (/<IsTruncated>true</.test(text)) throw new Error('the bucket holds more than 1000 objects');
    return listed(text);
  }

  #sign(method: string, path: string, query: string, host: string): Record<string, string> {
    const { accessKey, secretKey, region } = this.#s3;
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
    const payload = 'UNSIGNED-PAYLOAD';
    const signed = `host:${host}\nx-amz-content-sha256:${payload}\nx-amz-date:${time}\n`;
    const names = 'host;x-amz-content-sha256;x-amz-date';
    const canonical = [method, path, query, signed, names, payload].join('\n');
    const hash = createHash('sha256').update(canonical).digest('hex');
    const text = ['AWS4-HMAC-SHA256', time, scope, hash].join('\n');
    const mac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
    const key = scope.split('/').reduce<string | Buffer>((made, part) => mac(made, part), `AWS4${secretKey}`);
    const signature = mac(key, text).toString('hex');
    return {
      'x-amz-date': time,
      'x-amz-content-sha256': payload,
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    };
  }
}

function limit(timeoutMs: number | undefined): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** RFC 3986, as signatures want it. */
function strictEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What an answer to ListObjectsV2 lists. Keys come with XML's escapes: an object is not found under an escaped name. */
export function listed(xml: string): { key: string; at: Date }[] {
  return [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => ({
    key: unescaped(/<Key>([^<]*)</.exec(entry)?.[1] ?? ''),
    at: new Date(/<LastModified>([^<]*)</.exec(entry)?.[1] ?? ''),
  }));
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return NAMED[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
