import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Settings } from '@backendai-e2e/operator/artifacts/server/settings';
import { freePorts } from '../processes/free-ports.ts';
import { pinnedTool } from '../processes/pinned-tools.ts';
import { ProcessGroup, type Running } from '../processes/process-group.ts';
import { until } from '../waits/until.ts';

const CREDENTIALS = { accessKeyId: 'test-access', secretAccessKey: 'test-secret-canary' };
/** A region that is not the default of any client. */
const REGION = 'eu-test-1';

/** Paths of the certificate, which is also the trusted authority, and of the key. */
export interface Tls {
  cert: string;
  key: string;
}

/** A real S3 server (versitygw, with its data in a folder) on a loopback port, with one bucket. */
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
      checksums: false,
      caFile: tls?.cert,
    };
  }

  /** Starts the server. After stop(), the objects are still there. */
  async start(): Promise<void> {
    const data = join(this.#group.folder, 'data');
    mkdirSync(data, { recursive: true });
    const { accessKeyId, secretAccessKey } = CREDENTIALS;
    this.#running = await this.#group.start('versitygw', pinnedTool('versitygw'), [
      ...['--port', `127.0.0.1:${this.#port}`, '--region', REGION, '--health', '/health', '--quiet'],
      ...['--access', accessKeyId, '--secret', secretAccessKey],
      ...(this.#tls ? ['--cert', this.#tls.cert, '--key', this.#tls.key] : []),
      'posix',
      data,
    ]);
    await until('the S3 server answers', async () => {
      if (this.#running?.ended) throw new Error(`the server ended: ${this.#running.lastLines()}`);
      try {
        await this.#client.send(new CreateBucketCommand({ Bucket: this.bucket }));
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'BucketAlreadyOwnedByYou') return true;
        throw error;
      }
    });
  }

  /** The keys of all objects. */
  async keys(): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  /** The ETags of all objects. The ETag of a multipart upload ends in "-<parts>". */
  async tags(): Promise<string[]> {
    const { Contents = [] } = await this.#client.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    return Contents.map(({ ETag = '' }) => ETag.replaceAll('"', ''));
  }

  /** The number of unfinished multipart uploads. A bucket keeps their bytes. */
  async unfinished(): Promise<number> {
    const { Uploads = [] } = await this.#client.send(
      new ListMultipartUploadsCommand({ Bucket: this.bucket }),
    );
    return Uploads.length;
  }

  /** Stops the server. The objects stay. */
  async stop(): Promise<void> {
    await this.#running?.end('SIGKILL');
  }

  /** Stops the server and removes its data. */
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

/** Starts an S3 server, with TLS when given a certificate. */
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
