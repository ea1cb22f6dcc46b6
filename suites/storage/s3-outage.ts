import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { type Disruption, useFaults, withFault } from '../chaos/faults.ts';
import { Api } from '../clients/http/api.ts';
import type { ObjectStorage } from '../clients/storage/object-storage.ts';
import type { S3Server } from '../clients/storage/s3-server.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { s3Folder } from '../fixtures/s3-folder.ts';
import { useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
/** More bytes than sockets and the storage-proxy buffer for a download that is not read. */
const BIG_BYTES = 96 * MIB;
/** Longest time from the S3 server's return until the storage-proxy uses it. The next request reconnects. */
const RECOVERY_SECONDS = 60;
/** Timeout of a request without the S3 server. botocore retries four times, 7 to 8 s in total. */
const TRIES_MS = 60_000;

const NO_SERVER: Disruption = { target: { component: 's3' }, scaleToZero: {}, durationSeconds: 420 };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('the object storage without its S3 server', function () {
  this.timeout(420_000);
  const world = useWorld(['storage-proxy']);
  const faults = useFaults();
  let storage: ObjectStorage;
  let server: S3Server;
  let folder: string;

  before('the S3 server answers', async () => {
    ({ storage, server, folder } = await s3Folder(world(), 'outage'));
  });

  // It also runs after a failed test, because the clean-up needs the server.
  afterEach('the S3 server answers again', async function () {
    this.timeout((RECOVERY_SECONDS + 5) * 1000);
    await waitUntil(
      'the S3 server to answer',
      async () => ((await server.request('HEAD', '')).ok ? undefined : notYet('not for its bucket')),
      { deadlineSeconds: RECOVERY_SECONDS, tolerate: () => true },
    );
  });

  /** Seconds until the storage returns an object again. */
  const recovered = async (key: string): Promise<number> => {
    const since = performance.now();
    await waitUntil(
      `object ${key} to be given again`,
      () => storage.meta(key).catch((error: unknown) => notYet(error)),
      { deadlineSeconds: RECOVERY_SECONDS },
    );
    return (performance.now() - since) / 1000;
  };

  it('reports that the server is unreachable, serves everything else, and recovers', async () => {
    const { storageProxy } = world().connection;
    const key = `${folder}/kept`;
    const bytes = randomBytes(MIB);
    await server.put(key, bytes);
    await withFault(faults(), NO_SERVER, world().afterTest, async () => {
      const timeoutMs = TRIES_MS;
      const unreachable = /connect/i;
      await expectRefusal(storage.meta(key, timeoutMs), {
        status: 500,
        kind: 'storage/object-info-fetch-failed',
        msg: unreachable,
      });
      await expectRefusal(storage.get(key, timeoutMs), {
        status: 500,
        kind: 'storage/file-stream-download-failed',
      });
      await expectRefusal(storage.delete(key, timeoutMs), {
        status: 400,
        kind: 'storage/object/deletion/failed',
        msg: unreachable,
      });
      const alive = await new Api(storageProxy.clientUrl).json<{ status: string }>({
        method: 'GET',
        path: '/',
      });
      expect(alive.status, 'the storage-proxy itself').to.equal('ok');
      const ready = await new Api(storageProxy.internalUrl).request({ method: 'GET', path: '/readyz' });
      expect(ready.status, 'readiness of the storage-proxy').to.equal(200);
    });
    measure('s3-recovery', await recovered(key), 's');
    expect(sha256(await storage.get(key)), 'nothing was lost or deleted').to.equal(sha256(bytes));
    expect(sha256((await server.get(key)) ?? Buffer.alloc(0))).to.equal(sha256(bytes));
  });

  it('does not present an incomplete download as complete', async () => {
    const key = `${folder}/broken-off`;
    await server.put(key, randomBytes(BIG_BYTES));
    const download = await storage.open(key);
    const reader = download.getReader();
    let received = (await reader.read()).value?.length ?? 0;
    expect(received).to.be.above(0);
    const end = await withFault(faults(), NO_SERVER, world().afterTest, async () => {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return 'a regular end';
          received += value.length;
        }
      } catch (error) {
        return error;
      }
    });
    if (received === BIG_BYTES)
      throw new Inconclusive('the download was complete before the server was taken away');
    expect(end, `after ${received} of ${BIG_BYTES} bytes`).to.be.instanceOf(Error);
    await recovered(key);
    expect((await storage.get(key)).length, 'the next download').to.equal(BIG_BYTES);
  });
});
