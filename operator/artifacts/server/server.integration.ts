import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { ARTIFACTS_PATH, keyOf, ownerPath, pathTo } from '@backendai-e2e/api/artifact-key';
import { artifactServerOn, owner, sumOf, TOKEN } from '@backendai-e2e/tools/envtest/servers/artifact-client';
import { type S3Server, startS3 } from '@backendai-e2e/tools/envtest/servers/s3-server';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { ArtifactServerError } from '../server-client.ts';
import type { StorageBackend } from './backend.ts';
import { LARGEST_ARTIFACT } from './checksum.ts';
import { FolderBackend } from './folder-backend.ts';
import { PART_BYTES, S3Backend } from './s3-backend.ts';

const signal = new AbortController().signal;

/** What every store does, whatever it lies on. */
function aStore(make: () => Promise<StorageBackend>): void {
  let store: StorageBackend;
  let kept: Awaited<ReturnType<typeof artifactServerOn>>;
  before(async () => {
    store = await make();
    kept = await artifactServerOn(store);
  });
  after(() => kept?.artifactServer.stop());

  const put = (at: ReturnType<typeof owner>, file: string, bytes: Buffer, omittedBytes = 0) =>
    kept.client.put(at, { file, bytes, omittedBytes }, signal);
  const get = (at: ReturnType<typeof owner>, key: string) =>
    kept.ask('GET', `${ARTIFACTS_PATH}/${pathTo({ ...at, key })}`);

  it('gives back what it was given, to whoever can name it', async () => {
    const at = owner('given');
    const bytes = randomBytes(3000);
    const key = await put(at, 'suite.log.gz', bytes, 17);
    expect(key).to.equal(`${sumOf(bytes)}.17.suite.log.gz`);
    expect(await get(at, key)).to.deep.equal({ code: 200, bytes });
    const other = keyOf({ sha256: sumOf(randomBytes(1)), omittedBytes: 17, file: 'suite.log.gz' });
    expect((await get(at, other)).code).to.equal(404);
    expect((await get({ ...at, uid: randomUUID() }, key)).code).to.equal(404);
  });

  it('keeps what is larger than one part, and what is empty', async () => {
    const at = owner('sizes');
    const large = randomBytes(2 * PART_BYTES + 4711);
    for (const bytes of [large, Buffer.alloc(0)]) {
      const found = await get(at, await put(at, 'suite.log.gz', bytes));
      expect(found.bytes.equals(bytes)).to.equal(true);
    }
  });

  it('lists a namespace or one report, and removes one report alone', async () => {
    const [one, two] = [owner('one'), owner('two')];
    const first = await put(one, 'events.txt', Buffer.from('a'));
    await put(one, 'component-manager.log.gz', Buffer.from('bb'));
    const third = await put(two, 'events.txt', Buffer.from('ccc'));
    const own = await kept.client.list(one, signal);
    expect(own).to.have.length(2);
    expect(own).to.deep.include({ place: { ...one, key: first }, bytes: 1 });
    const all = await kept.client.list({ namespace: 'ns' }, signal);
    expect(all.length).to.be.greaterThan(2);
    expect(all).to.deep.include({ place: { ...two, key: third }, bytes: 3 });
    await kept.client.remove(one, signal);
    expect(await kept.client.list(one, signal)).to.deep.equal([]);
    expect((await get(one, first)).code).to.equal(404);
    expect(await kept.client.list(two, signal)).to.have.length(1);
    await kept.client.remove(one, signal);
    expect(await kept.client.list({ namespace: 'nobody' }, signal)).to.deep.equal([]);
  });

  it('keeps nothing whose sum is not what its name says, or that broke off', async () => {
    const at = owner('wrong');
    const key = keyOf({ sha256: sumOf(Buffer.from('right')), omittedBytes: 0, file: 'events.txt' });
    const path = `${ARTIFACTS_PATH}/${pathTo({ ...at, key })}`;
    const answer = await kept.ask('PUT', path, TOKEN, Buffer.from('wrong'));
    expect(answer.code).to.equal(422);
    expect(answer.bytes.toString()).to.contain(sumOf(Buffer.from('wrong')));
    const body = new PassThrough();
    const sending = store.put({ ...at, key }, body, signal).then(
      () => 'kept',
      (error: Error) => error.message,
    );
    body.write(Buffer.alloc(2 * PART_BYTES));
    body.destroy(new Error('the sender went away'));
    expect(await sending).to.equal('the sender went away');
    expect(await kept.client.list(at, signal)).to.deep.equal([]);
  });

  it('refuses to write, list or remove without the token', async () => {
    const at = owner('closed');
    const key = keyOf({ sha256: sumOf(Buffer.from('x')), omittedBytes: 0, file: 'events.txt' });
    const whole = `${ARTIFACTS_PATH}/${pathTo({ ...at, key })}`;
    for (const token of [undefined, '', 'a-token-of-the-testz', `${TOKEN}x`]) {
      expect((await kept.ask('PUT', whole, token, Buffer.from('x'))).code).to.equal(401);
      expect((await kept.ask('GET', `${ARTIFACTS_PATH}/ns`, token)).code).to.equal(401);
      expect((await kept.ask('DELETE', `${ARTIFACTS_PATH}/${ownerPath(at)}`, token)).code).to.equal(401);
    }
    expect(await kept.client.list(at, signal)).to.deep.equal([]);
  });

  it('refuses paths that are none, and what is too large', async () => {
    expect((await kept.ask('GET', `${ARTIFACTS_PATH}/ns/report/no-uid/key`, TOKEN)).code).to.equal(400);
    expect((await kept.ask('GET', `${ARTIFACTS_PATH}/..%2f..%2fetc%2fpasswd`, TOKEN)).code).to.equal(400);
    expect((await kept.ask('GET', `${ARTIFACTS_PATH}/ns/%2e%2e/%2e%2e/etc/passwd`, TOKEN)).code).to.equal(
      404,
    );
    expect((await kept.ask('GET', '/etc/passwd')).code).to.equal(404);
    expect((await kept.ask('DELETE', `${ARTIFACTS_PATH}/ns`, TOKEN)).code).to.equal(405);
    const huge = put(owner('huge'), 'suite.log.gz', Buffer.alloc(LARGEST_ARTIFACT + 1));
    const error = await huge.catch((refusal: unknown) => refusal);
    expect(error).to.be.instanceOf(ArtifactServerError);
    expect((error as ArtifactServerError).message).to.contain('413');
    expect((error as ArtifactServerError).mayPass).to.equal(false);
  });
}

describe('artifacts on a volume', function () {
  this.timeout(LAST_RESORT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'e2e-artifacts-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  aStore(async () => {
    const store = new FolderBackend(folder);
    await store.open();
    return store;
  });

  it('leave no half-written file, and no folder of what was removed', () => {
    expect(readdirSync(join(folder, '.under-way'))).to.deep.equal([]);
    expect(readdirSync(join(folder, 'ns'))).not.to.include.members(['one', 'wrong', 'closed', 'huge']);
  });

  it('are there after a restart', async () => {
    const again = new FolderBackend(folder);
    await again.open();
    expect((await again.list({ namespace: 'ns' })).length).to.be.greaterThan(2);
  });
});

describe('artifacts in a bucket', function () {
  this.timeout(LAST_RESORT_MS);
  let server: S3Server;
  const variables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const saved = variables.map((name) => process.env[name]);
  const stores: S3Backend[] = [];
  const open = (installation: string, changes: Partial<S3Server['settings']> = {}) => {
    const store = new S3Backend({ ...server.settings, ...changes }, installation);
    stores.push(store);
    return store;
  };

  before(async () => {
    server = await startS3();
    process.env.AWS_ACCESS_KEY_ID = server.credentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = server.credentials.secretAccessKey;
  });
  after(async () => {
    for (const store of stores) store.close();
    for (const [index, name] of variables.entries()) {
      const value = saved[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server?.end();
  });

  aStore(async () => open('first'));

  it('lie below the prefix and the installation, the large ones came in parts, and none was left half', async () => {
    const keys = await server.keys();
    expect(keys.length).to.be.greaterThan(2);
    for (const key of keys) expect(key).to.match(/^staging\/e2e\/first\/ns\//);
    expect((await server.tags()).filter((tag) => tag.endsWith('-3'))).to.have.length(1);
    expect(await server.unfinished()).to.equal(0);
  });

  it('are those of one installation: another one with the same bucket sees and removes nothing of it', async () => {
    const other = open('second');
    expect(await other.list({ namespace: 'ns' }, signal)).to.deep.equal([]);
    const [listed] = await open('first').list({ namespace: 'ns' }, signal);
    if (!listed) throw new Error('the first installation has nothing');
    await other.remove(listed.place, signal);
    expect(await open('first').list(listed.place, signal)).not.to.deep.equal([]);
  });

  it('are listed to the last page', async () => {
    const store = open('pages', {});
    const at = owner('many');
    for (let index = 0; index < 5; index += 1) {
      const bytes = Buffer.from(String(index));
      const key = keyOf({ sha256: sumOf(bytes), omittedBytes: 0, file: `part-${index}.txt` });
      const body = new PassThrough();
      body.end(bytes);
      await store.put({ ...at, key }, body, signal);
    }
    const short = new S3Backend(server.settings, 'pages', 2);
    stores.push(short);
    expect(await short.list(at, signal)).to.have.length(5);
    await short.remove(at, signal);
    expect(await store.list(at, signal)).to.deep.equal([]);
  });

  it('say what is wrong: the region, the bucket, the key', async () => {
    const why = async (changes: Partial<S3Server['settings']>) => {
      const listing = open('wrong', changes).list({ namespace: 'ns' }, signal);
      return listing.then(
        () => 'fine',
        (error: Error) => error.message,
      );
    };
    expect(await why({})).to.equal('fine');
    expect(await why({ region: 'us-east-1' })).to.match(/list the bucket kept of http:.*region|Credential/i);
    expect(await why({ bucket: 'nobody' })).to.contain('NoSuchBucket');
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    try {
      expect(await why({})).to.contain('SignatureDoesNotMatch');
    } finally {
      process.env.AWS_SECRET_ACCESS_KEY = server.credentials.secretAccessKey;
    }
  });

  it('are not lost while the server is away: the artifact server says so, and works again when it is back', async () => {
    const { artifactServer, client } = await artifactServerOn(open('away'));
    const at = owner('away');
    const small = { file: 'events.txt', bytes: randomBytes(100), omittedBytes: 0 };
    const large = { file: 'suite.log.gz', bytes: randomBytes(2 * PART_BYTES), omittedBytes: 0 };
    const refusal = (asked: Promise<unknown>) =>
      asked.then(
        () => undefined,
        (error: unknown) => error,
      );
    try {
      await server.stop();
      for (const each of [small, large]) {
        const error = await refusal(client.put(at, each, signal));
        expect(error).to.be.instanceOf(ArtifactServerError);
        expect((error as ArtifactServerError).mayPass).to.equal(true);
        expect((error as ArtifactServerError).message).to.match(
          /502: put into the bucket kept .*ECONNREFUSED/,
        );
      }
      await server.start();
      await client.put(at, small, signal);
      expect(await client.list(at, signal)).to.have.length(1);
    } finally {
      await artifactServer.stop();
    }
    const silent = await refusal(client.list(at, signal));
    expect(silent).to.be.instanceOf(ArtifactServerError);
    expect((silent as ArtifactServerError).message).to.contain('cannot be reached');
  });
});
