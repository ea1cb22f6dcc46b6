import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectRefusal, type Refusal } from '../assertions/refusal.ts';
import { BackendApiError } from '../clients/http/api.ts';
import { ObjectStorage, type PresignedPost } from '../clients/storage/object-storage.ts';
import { S3Server } from '../clients/storage/s3-server.ts';
import { Inconclusive, measure, recorder } from '../evidence/record.ts';
import { s3Folder } from '../fixtures/s3-folder.ts';
import { useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
const BIG_BYTES = 64 * MIB;

/** Lifetime of a presigned URL, seconds (PresignedDownloadConfig in ai.backend.storage.config.unified). */
const PRESIGNED_SECONDS = 300;

const digest = (kind: 'sha256' | 'md5', bytes: Uint8Array): string =>
  createHash(kind).update(bytes).digest('hex');

/** Posts a presigned form as a browser does: the fields in order, the file last. */
async function post(form: PresignedPost, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('file', new Blob([bytes]), 'object');
  return fetch(form.url, { method: 'POST', body, signal: AbortSignal.timeout(120_000) });
}

describe('the object storage of the storage-proxy', function () {
  this.timeout(60_000);
  const world = useWorld(['storage-proxy']);
  let storage: ObjectStorage;
  let server: S3Server;
  let folder: string;

  before('the S3 server answers', async () => {
    ({ storage, server, folder } = await s3Folder(world(), 'objects'));
  });

  const upload = async (key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    const form = await storage.presignUpload(key);
    recorder.secrets.add(Object.values(form.fields).filter((value) => value !== key));
    const answer = await post(form, bytes);
    expect(answer.status, await answer.text()).to.be.oneOf([200, 201, 204]);
  };

  describe('shows the content of the S3 server', () => {
    for (const [what, name, size] of [
      ['nothing', 'empty', 0],
      ['1 byte', 'one', 1],
      ['1 MiB below a deep key', 'a/b/c/mib.bin', MIB],
      ['a key with unusual characters', "żółć 한국어 & 100%+'().txt", 100],
    ] as const) {
      it(`length, checksum and bytes: ${what}`, async () => {
        const key = `${folder}/${name}`;
        const bytes = randomBytes(size);
        await server.put(key, bytes);
        const meta = await storage.meta(key);
        expect(meta).to.include({ content_length: size, etag: `"${digest('md5', bytes)}"` });
        expect(Math.abs(Date.now() - Date.parse(meta.last_modified))).to.be.below(120_000);
        const back = await storage.get(key);
        expect(back.length).to.equal(size);
        expect(digest('sha256', back)).to.equal(digest('sha256', bytes));
      });
    }

    it('64 MiB', async function () {
      this.timeout(180_000);
      const key = `${folder}/big.bin`;
      const bytes = randomBytes(BIG_BYTES);
      await server.put(key, bytes);
      expect((await storage.meta(key)).content_length).to.equal(BIG_BYTES);
      const since = performance.now();
      const back = await storage.get(key);
      measure('s3-download-64-mib', (performance.now() - since) / 1000, 's');
      expect(digest('sha256', back)).to.equal(digest('sha256', bytes));
    });

    it('a replaced object has its new content', async () => {
      const key = `${folder}/replaced`;
      await server.put(key, Buffer.from('old'));
      const before = await storage.meta(key);
      await server.put(key, Buffer.from('newer'));
      const after = await storage.meta(key);
      expect(after.etag).not.to.equal(before.etag);
      expect((await storage.get(key)).toString()).to.equal('newer');
    });
  });

  describe('deletes', () => {
    it('one object and no other', async () => {
      const [doomed, kept] = [`${folder}/delete/me`, `${folder}/delete/me-not`];
      for (const key of [doomed, kept]) await server.put(key, Buffer.from(key));
      await storage.delete(doomed);
      expect(await server.get(doomed)).to.equal(undefined);
      expect((await server.get(kept))?.toString()).to.equal(kept);
      const gone = await storage.meta(doomed).catch((error: unknown) => error);
      expect(gone).to.be.instanceOf(BackendApiError);
    });

    it('everything below a prefix and nothing else', async () => {
      const below = ['x', 'y/z', 'y/w'].map((name) => `${folder}/prefix/${name}`);
      const beside = `${folder}/prefix-beside`;
      for (const key of [...below, beside]) await server.put(key, Buffer.from(key));
      await storage.delete(`${folder}/prefix/`);
      expect(await server.keys(`${folder}/prefix`)).to.deep.equal([beside]);
    });
  });

  describe('presigns', () => {
    it('an upload for a plain HTTP client', async () => {
      const key = `${folder}/presigned/up.bin`;
      const bytes = randomBytes(MIB);
      await upload(key, bytes);
      const stored = await server.get(key);
      expect(digest('sha256', stored ?? Buffer.alloc(0))).to.equal(digest('sha256', bytes));
      expect((await storage.meta(key)).content_length).to.equal(MIB);
    });

    it('an upload of 64 MiB', async function () {
      this.timeout(180_000);
      const key = `${folder}/presigned/big.bin`;
      const bytes = randomBytes(BIG_BYTES);
      const since = performance.now();
      await upload(key, bytes);
      measure('s3-presigned-upload-64-mib', (performance.now() - since) / 1000, 's');
      expect(digest('sha256', await storage.get(key))).to.equal(digest('sha256', bytes));
    });

    it('a download for a plain HTTP client, whole and in part', async () => {
      const key = `${folder}/presigned/down.bin`;
      const bytes = randomBytes(100_000);
      await server.put(key, bytes);
      const url = await storage.presignDownload(key);
      recorder.secrets.add([url]);
      const whole = await fetch(url);
      expect(whole.status).to.equal(200);
      expect(digest('sha256', Buffer.from(await whole.arrayBuffer()))).to.equal(digest('sha256', bytes));
      const part = await fetch(url, { headers: { range: 'bytes=10-19' } });
      expect(part.status).to.equal(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).to.equal(true);
    });

    it('for five minutes only', async () => {
      const key = `${folder}/presigned/brief`;
      const url = new URL(await storage.presignDownload(key));
      expect(Number(url.searchParams.get('X-Amz-Expires')), 'seconds of a presigned download').to.be.within(
        1,
        PRESIGNED_SECONDS,
      );
      const { fields } = await storage.presignUpload(key);
      recorder.secrets.add(Object.values(fields).filter((value) => value !== key));
      const policy: { expiration: string } = JSON.parse(
        Buffer.from(fields.policy ?? '', 'base64').toString(),
      );
      const seconds = (Date.parse(policy.expiration) - Date.now()) / 1000;
      expect(seconds, 'seconds of a presigned upload').to.be.within(1, PRESIGNED_SECONDS + 60);
    });

    it('with the address for clients', async () => {
      const { connection } = world();
      const url = new URL(await storage.presignDownload(`${folder}/x`));
      expect(url.origin).to.equal(new URL(connection.s3.endpoint).origin);
      expect(url.pathname).to.equal(`/${connection.s3.bucket}/${folder}/x`);
      expect(new URL((await storage.presignUpload(`${folder}/x`)).url).origin).to.equal(url.origin);
    });

    it('one key for one method: the server refuses another key, method or signature', async () => {
      const [key, other] = [`${folder}/presigned/mine`, `${folder}/presigned/other`];
      for (const name of [key, other]) await server.put(name, Buffer.from(name));
      const url = await storage.presignDownload(key);
      expect((await fetch(url)).status).to.equal(200);
      expect((await fetch(url.replace('/mine?', '/other?'))).status).to.equal(403);
      expect((await fetch(url, { method: 'PUT', body: 'x' })).status).to.equal(403);
      expect((await fetch(url, { method: 'DELETE' })).status).to.equal(403);
      expect((await fetch(url.replace(/(Signature=)[^&]{8}/, '$100000000'))).status).to.equal(403);
      expect((await fetch(url.replace(/\?.*/, ''))).status).to.equal(403);
      const form = await storage.presignUpload(key);
      const moved = await post({ ...form, fields: { ...form.fields, key: other } }, Buffer.from('x'));
      expect(moved.status).to.equal(403);
      expect((await server.get(other))?.toString()).to.equal(other);
    });
  });

  describe('reports what is wrong', () => {
    it('with an unknown bucket', async () => {
      const elsewhere = new ObjectStorage(world().connection.storageProxy, 'elsewhere');
      const refusal: Refusal = { status: 404, kind: 'storage/bucket/object-not-found', msg: 'elsewhere' };
      await expectRefusal(elsewhere.meta(`${folder}/x`), refusal);
      await expectRefusal(elsewhere.get(`${folder}/x`), refusal);
      await expectRefusal(elsewhere.delete(`${folder}/x`), refusal);
      await expectRefusal(elsewhere.presignDownload(`${folder}/x`), refusal);
      await expectRefusal(elsewhere.presignUpload(`${folder}/x`), refusal);
    });

    it('with an unknown storage', async () => {
      const { connection } = world();
      const nowhere = new ObjectStorage(connection.storageProxy, connection.s3.bucket, 'nowhere');
      const refusal: Refusal = { status: 404, kind: 'storage/object-not-found', msg: 'nowhere' };
      await expectRefusal(nowhere.meta('x'), refusal);
      await expectRefusal(nowhere.presignUpload('x'), refusal);
    });

    it('with the secret: missing or wrong', async () => {
      const { storageProxy, s3 } = world().connection;
      const key = `${folder}/guarded`;
      await server.put(key, Buffer.from('guarded'));
      for (const secret of ['', 'wrong']) {
        const stranger = new ObjectStorage(storageProxy, s3.bucket, 's3', secret);
        const refusal: Refusal = { status: 403, kind: 'storage/forbidden' };
        await expectRefusal(stranger.get(key), refusal);
        await expectRefusal(stranger.delete(key), refusal);
        await expectRefusal(stranger.presignDownload(key), refusal);
      }
      expect((await server.get(key))?.toString()).to.equal('guarded');
    });

    // Storages of charts/backend-ai with brokenObjectStorages. The error has the answer of the server or the network.
    const broken: [string, string, string | undefined, RegExp][] = [
      ['that signs with a wrong secret', 's3-wrong-secret', undefined, /SignatureDoesNotMatch|403|Forbidden/],
      [
        'whose bucket the server does not have',
        's3-no-bucket',
        'no-such-bucket',
        /404|NoSuchBucket|Not Found/,
      ],
      ['whose server does not answer', 's3-nobody', undefined, /connect/i],
    ];
    for (const [what, name, bucket, said] of broken) {
      it(`with a storage ${what}; the others keep working`, async function () {
        // Refused connections are retried for about 7 s in each request.
        this.timeout(120_000);
        const { storageProxy, s3 } = world().connection;
        const key = `${folder}/beside-${name}`;
        await server.put(key, Buffer.from('kept'));
        const sick = new ObjectStorage(storageProxy, bucket ?? s3.bucket, name);
        const error: unknown = await sick.meta(key).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).to.be.instanceOf(BackendApiError);
        if (!(error instanceof BackendApiError)) return;
        if (error.status === 404 && error.type.endsWith('/storage/object-not-found')) {
          throw new Inconclusive(`the storage-proxy of this deployment has no storage ${name}`);
        }
        expect(error.type).to.match(/object-info-fetch-failed$/);
        expect(error.msg).to.match(said);
        await expectRefusal(sick.get(key), { status: 500, kind: 'storage/file-stream-download-failed' });
        await expectRefusal(sick.delete(key), {
          status: 400,
          kind: 'storage/object/deletion/failed',
          msg: said,
        });
        expect((await storage.get(key)).toString()).to.equal('kept');
      });
    }

    it('with a request to the server itself that has a wrong secret', async () => {
      const { s3 } = world().connection;
      const key = `${folder}/guarded-by-server`;
      await server.put(key, Buffer.from('guarded'));
      const thief = new S3Server({ ...s3, secretKey: `${s3.secretKey.slice(0, -1)}.` });
      for (const method of ['GET', 'DELETE'] as const) {
        expect((await thief.request(method, key)).status, method).to.equal(403);
      }
      expect((await storage.get(key)).toString()).to.equal('guarded');
    });
  });
});
