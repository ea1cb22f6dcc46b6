import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Settings } from '@backendai-e2e/operator/artifacts/server/settings';
import { cachedTool } from './cached-tool.ts';
import { freePorts } from './free-ports.ts';
import { ProcessGroup, type Running } from './process-group.ts';
import { until } from './until.ts';

const CREDENTIALS = { accessKeyId: 'test-access', secretAccessKey: 'test-secret-canary' };
/** Not the one that everybody takes when none is said. */
const REGION = 'eu-test-1';

/** Certificate and key files; the first also holds what to trust. */
export interface Tls {
  cert: string;
  key: string;
}

/** A real S3 server (versitygw on a folder) on a loopback port, with one bucket. */
export class S3Server {
  readonly bucket = 'kept';
  readonly credentials = CREDENTIALS;
  readonly settings: S3Settings;
  readonly #group = new ProcessGroup('e2e-s3');
  readonly #port: number;
  readonly #tls: Tls | undefined;
  #running: Running | undefined;

  constructor(port: number, tls: Tls | undefined) {
    this.#port = port;
    this.#tls = tls;
    this.settings = {
      endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
      region: REGION,
      bucket: this.bucket,
      prefix: '/staging/e2e/',
      pathStyle: true,
      caFile: tls?.cert,
    };
  }

  /** Starts it, also again after stop(): what it holds is still there. */
  async start(): Promise<void> {
    const data = join(this.#group.folder, 'data');
    mkdirSync(data, { recursive: true });
    const { accessKeyId, secretAccessKey } = CREDENTIALS;
    this.#running = await this.#group.start('versitygw', cachedTool('versitygw'), [
      ...['--port', `127.0.0.1:${this.#port}`, '--region', REGION, '--health', '/health', '--quiet'],
      ...['--access', accessKeyId, '--secret', secretAccessKey],
      ...(this.#tls ? ['--cert', this.#tls.cert, '--key', this.#tls.key] : []),
      'posix',
      data,
    ]);
    await until('the S3 server answers', async () => {
      if (this.#running?.ended) throw new Error(`it ended: ${this.#running.lastLines()}`);
      try {
        await this.#client.send(new CreateBucketCommand({ Bucket: this.bucket }));
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'BucketAlreadyOwnedByYou') return true;
        throw error;
      }
    });
  }

  /** Keys of all objects. */
  async keys(): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  /** ETags of all objects: of one that came in parts it ends in "-<parts>". */
  async tags(): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    return Contents.map(({ ETag = '' }) => ETag.replaceAll('"', ''));
  }

  /** Uploads in parts that were begun and not ended: a bucket keeps their bytes. */
  async unfinished(): Promise<number> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: this.bucket }),
    );
    return Uploads.length;
  }

  /** Ends it; the objects stay. */
  async stop(): Promise<void> {
    await this.#running?.end('SIGKILL');
  }

  /** Ends it and removes everything. */
  end(): Promise<void> {
    return this.#group.end();
  }

  get #client(): S3Client {
    const { endpoint, region } = this.settings;
    return new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: CREDENTIALS,
      maxAttempts: 1,
      ...(this.#tls ? { requestHandler: { httpsAgent: { ca: readFileSync(this.#tls.cert) } } } : {}),
    });
  }
}

/** Starts an S3 server. */
export async function startS3(tls?: Tls): Promise<S3Server> {
  const [port] = await freePorts();
  const server = new S3Server(port, tls);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.end();
    throw error;
  }
}
