import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { keyOf } from '@backendai-e2e/api/artifact-key';
import { owner, sumOf } from '@backendai-e2e/tools/envtest/servers/artifact-client';
import { expect } from 'chai';
import { S3Backend } from './s3-backend.ts';

const VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'HTTP_PROXY',
  'NO_PROXY',
  'no_proxy',
] as const;

describe('a bucket', () => {
  const saved = VARIABLES.map((name) => process.env[name]);
  let asked: IncomingMessage[] = [];
  /** A server that demands a checksum of each object, as S3 does for a bucket with Object Lock. */
  const server = createServer((request, response) => {
    asked.push(request);
    request.resume().on('end', () => {
      const hasSum = Object.keys(request.headers).some((name) => /^(content-md5|x-amz-checksum-)/.test(name));
      response.writeHead(hasSum ? 200 : 400, { 'content-type': 'application/xml' });
      response.end(
        hasSum
          ? ''
          : '<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required</Message></Error>',
      );
    });
  });
  let port: number;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
    for (const name of VARIABLES) delete process.env[name];
    process.env.AWS_ACCESS_KEY_ID = 'access';
    process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    for (const [index, name] of VARIABLES.entries()) {
      const value = saved[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  beforeEach(() => {
    asked = [];
  });

  async function put(endpoint: string, checksums: boolean): Promise<void> {
    const settings = { endpoint, region: 'eu-test-1', bucket: 'locked', prefix: '', pathStyle: true };
    const store = new S3Backend({ ...settings, checksums, caFile: undefined }, 'first');
    const bytes = Buffer.from('log');
    const key = keyOf({ sha256: sumOf(bytes), omittedBytes: 0, file: 'suite.log.gz' });
    try {
      await store.put({ ...owner('one'), key }, Readable.from([bytes]), new AbortController().signal);
    } finally {
      store.close();
    }
  }
  const outcome = (endpoint: string, checksums: boolean) =>
    put(endpoint, checksums).then(
      () => 'stored',
      (error: Error) => error.message,
    );

  it('that demands checksums takes artifacts with the setting for it', async () => {
    expect(await outcome(`http://127.0.0.1:${port}`, false)).to.include('Content-MD5');
    expect(await outcome(`http://127.0.0.1:${port}`, true)).to.equal('stored');
  });

  it('is reached through the proxy of the environment', async () => {
    process.env.HTTP_PROXY = `http://127.0.0.1:${port}`;
    expect(await outcome('http://s3.example:9000', true)).to.equal('stored');
    expect(asked.map(({ url = '' }) => url.split('/first', 1)[0])).to.deep.equal([
      'http://s3.example:9000/locked',
    ]);
    delete process.env.HTTP_PROXY;
  });
});
