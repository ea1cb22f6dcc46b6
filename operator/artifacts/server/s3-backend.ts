import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import {
  type ArtifactOwner,
  type ArtifactPlace,
  isWhole,
  ownerPath,
  pathTo,
  placeAt,
} from '@backendai-e2e/api/artifact-key';
import type { Listed, StorageBackend, StoredArtifact } from './backend.ts';
import { checked } from './checksum.ts';
import type { S3Settings } from './settings.ts';

/** Bytes of one part. Smaller objects are uploaded in one piece. S3 accepts only the last part below 5 MiB. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Tries of one request, with the SDK's own pauses: about 10 s in all. The operator retries later. */
const TRIES = 5;
/** Milliseconds to connect and for an answer. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;

/** Artifacts as objects of a bucket: `<prefix>/<installation>/<namespace>/<report>/<uid>/<key>`. */
export class S3Backend implements StorageBackend {
  readonly what: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #root: string;
  readonly #pageSize: number | undefined;

  /**
   * @param installation distinguishes installations with the same bucket and prefix: each removes artifacts without a report
   *   in its own cluster, and must not see those of others
   * @param pageSize objects per page of a listing; default: the server's
   */
  constructor(settings: S3Settings, installation: string, pageSize?: number) {
    this.#pageSize = pageSize;
    this.#bucket = settings.bucket;
    const prefix = settings.prefix.replace(/^\/+|\/+$/g, '');
    this.#root = `${prefix === '' ? '' : `${prefix}/`}${installation}/`;
    this.what = `the bucket ${settings.bucket}${settings.endpoint ? ` of ${settings.endpoint}` : ''}`;
    this.#client = new S3Client(clientConfig(settings));
  }

  async put(place: ArtifactPlace, body: Readable, signal: AbortSignal): Promise<void> {
    const whole = new PassThrough();
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: this.#bucket, Key: this.#keyOf(place), Body: whole },
      partSize: PART_BYTES,
      // One part is in memory while the next one fills.
      queueSize: 1,
      leavePartsOnError: false,
    });
    const abort = () => void upload.abort();
    signal.addEventListener('abort', abort, { once: true });
    const sent = upload.done().catch((error: unknown) => {
      // The upload no longer reads: writing must not wait for it.
      whole.destroy();
      return { error };
    });
    try {
      await pipeline(body, checked(place.key), whole, { signal });
    } catch (error) {
      // The upload ends with the error of its source: a wrong checksum, or a sender that disconnected.
      const end = await sent;
      if (!('error' in end) || end.error === error || signal.aborted) throw error;
      throw inWords(end.error, `put into ${this.what}`);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    const end = await sent;
    if ('error' in end) throw inWords(end.error, `put into ${this.what}`);
  }

  async get(place: ArtifactPlace, signal: AbortSignal): Promise<StoredArtifact | undefined> {
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: this.#keyOf(place) }),
        { abortSignal: signal },
      );
      if (!(answer.Body instanceof Readable)) throw new Error('the answer has no body');
      return { body: answer.Body, bytes: answer.ContentLength ?? 0 };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw inWords(error, `get from ${this.what}`);
    }
  }

  async list(within: { namespace: string } | ArtifactOwner, signal: AbortSignal): Promise<Listed[]> {
    const start = `${this.#root}${'uid' in within ? ownerPath(within) : within.namespace}/`;
    const found: Listed[] = [];
    let token: string | undefined;
    do {
      const page = await this.#page(start, token, signal);
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        const place = placeAt(Key.slice(this.#root.length));
        if (place && isWhole(place)) found.push({ place, bytes: Size });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  }

  async #page(prefix: string, token: string | undefined, signal: AbortSignal) {
    const query = { Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token, MaxKeys: this.#pageSize };
    try {
      return await this.#client.send(new ListObjectsV2Command(query), { abortSignal: signal });
    } catch (error) {
      throw inWords(error, `list ${this.what}`);
    }
  }

  async remove(owner: ArtifactOwner, signal: AbortSignal): Promise<void> {
    // One by one: a report has about a dozen, and not every S3 server supports bulk deletion.
    for (const { place } of await this.list(owner, signal)) {
      try {
        await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#keyOf(place) }), {
          abortSignal: signal,
        });
      } catch (error) {
        throw inWords(error, `delete from ${this.what}`);
      }
    }
  }

  close(): void {
    this.#client.destroy();
  }

  #keyOf(place: ArtifactPlace): string {
    return `${this.#root}${pathTo(place)}`;
  }
}

function clientConfig(settings: S3Settings): S3ClientConfig {
  const { endpoint, region, pathStyle, checksums, caFile } = settings;
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
  // The proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
  const agent = { keepAlive: true, maxSockets: 8, proxyEnv: process.env };
  return {
    region,
    ...(endpoint ? { endpoint } : {}),
    forcePathStyle: pathStyle,
    maxAttempts: TRIES,
    // Servers other than Amazon's may not support the SDK's own checksums; ours is in the key.
    requestChecksumCalculation: checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: ANSWER_MS,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...(ca === undefined ? {} : { ca }) }),
    },
  };
}

/** Errors of the SDK have a name ("NoSuchBucket", "AccessDenied"), and now and then an empty message. */
function inWords(cause: unknown, doing: string): Error {
  if (!(cause instanceof Error)) return new Error(`${doing}: ${String(cause)}`, { cause });
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return new Error(`${doing}: ${code}${cause.message ? `: ${cause.message}` : ''}`, { cause });
}
