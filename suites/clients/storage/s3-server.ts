import type { Connection } from '@backendai-e2e/api/connection';
import { AwsV4Signer } from 'aws4fetch';

/** Longest time for one request, milliseconds. */
const REQUEST_MS = 60_000;

/**
 * The S3 server itself, with signed requests of version 4 (AWS4-HMAC-SHA256, unsigned payload). It shows what an object
 * is without the storage-proxy.
 */
export class S3Server {
  readonly #s3: Connection['s3'];

  constructor(s3: Connection['s3']) {
    this.#s3 = s3;
  }

  /** Sends one request for an object, or for the bucket when key is "". Returns any answer, whatever its status. */
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
    const { accessKey: accessKeyId, secretKey: secretAccessKey, region } = this.#s3;
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
    });
    const { headers } = await signer.sign();
    const body = options.body === undefined ? {} : { body: options.body };
    return fetch(url, { method, headers, ...body, signal: AbortSignal.timeout(REQUEST_MS) });
  }

  /** Stores an object. */
  async put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await this.request('PUT', key, { body });
    if (!answer.ok) throw new Error(`PUT ${key} to the S3 server: ${answer.status} ${await answer.text()}`);
  }

  /** The object's bytes, or undefined when the key does not exist. */
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

  /** Every object of the bucket with its time of modification. Throws an Error for more than 1000 objects. */
  async objects(): Promise<{ key: string; at: Date }[]> {
    const answer = await this.request('GET', '', { query: { 'list-type': '2' } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`listing the S3 server: ${answer.status} ${text}`);
    if (/<IsTruncated>true</.test(text)) throw new Error('the bucket holds more than 1000 objects');
    return listed(text);
  }
}

/** Encodes by RFC 3986, as signatures require. */
function strictEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The objects in an answer to ListObjectsV2. Escapes of XML in keys are resolved. */
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
