import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import { claimsOf } from '../clients/web/tokens.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

const KIB = 1024;
/** Uploads that go on at the same time. */
const UPLOADS = 8;
/** Lifetime of an upload without a part, seconds (_DEFAULT_TTL_SECONDS in ai.backend.common, valkey_tus). */
const UPLOAD_SECONDS = 86_400;

describe('several uploads to a vfolder at once', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'storage-proxy']);
  let vfolders: VFolderFixture;
  let folder: VFolder;

  before('a user creates a folder', async () => {
    vfolders = new VFolderFixture(world());
    folder = await vfolders.make(world().afterSuite);
  });

  it(`keeps ${UPLOADS} concurrent uploads separate, whose parts all arrive at the same time`, async () => {
    const { folders } = world().user;
    const contents = Array.from({ length: UPLOADS }, () => randomBytes(256 * KIB));
    const halves = contents.map(
      (bytes) => [bytes.subarray(0, 128 * KIB), bytes.subarray(128 * KIB)] as const,
    );
    const tokens = await Promise.all(
      contents.map(async (bytes, index) => {
        const { token } = await folders.requestUpload(folder.id, `beside-${index}.bin`, bytes.length);
        return token;
      }),
    );
    // Every part waits for its second half until all first halves are sent.
    const bodies = halves.map(([first]) => {
      const body = new PassThrough();
      body.write(first);
      return body;
    });
    const offsets = Promise.all(
      bodies.map((body, index) => vfolders.client.sendStream(tokens[index] ?? '', 0, body, 256 * KIB)),
    );
    try {
      await allHeld(tokens, offsets);
    } finally {
      for (const [index, body] of bodies.entries()) body.end(halves[index]?.[1]);
    }
    expect(await offsets).to.deep.equal(contents.map((bytes) => bytes.length));
    for (const [index, bytes] of contents.entries()) {
      const back = await vfolders.download(folder.id, `beside-${index}.bin`);
      expect(back.equals(bytes), `bytes of upload ${index}`).to.equal(true);
    }
  });

  it('refuses a part of an upload while another part of it arrives, and keeps the first', async () => {
    const { folders } = world().user;
    const bytes = randomBytes(256 * KIB);
    const { token } = await folders.requestUpload(folder.id, 'one-at-a-time.bin', bytes.length);
    const body = new PassThrough();
    body.write(bytes.subarray(0, 128 * KIB));
    const first = vfolders.client.sendStream(token, 0, body, bytes.length);
    try {
      await allHeld([token], first);
      await expectRefusal(vfolders.client.sendPart(token, 0, randomBytes(bytes.length)), {
        status: 409,
        kind: 'storage/tus-lease-held',
      });
    } finally {
      body.end(bytes.subarray(128 * KIB));
    }
    expect(await first, 'offset after the first part').to.equal(bytes.length);
    expect((await vfolders.download(folder.id, 'one-at-a-time.bin')).equals(bytes)).to.equal(true);
  });

  it('forgets an upload that is never continued: its key in Valkey expires within a day', async () => {
    const { user, valkey } = world();
    const { token } = await user.folders.requestUpload(folder.id, 'forgotten.bin', 10);
    const key = `tus.upload.offset:${claimsOf(token).session}`;
    const ttl = () => valkey.db(VALKEY_DB.tus).ttl(key);
    expect(await ttl(), `seconds until the key ${key} expires`).to.be.within(1, UPLOAD_SECONDS);
    await vfolders.client.sendPart(token, 0, Buffer.from('01234'));
    expect(await ttl(), 'the same after a part').to.be.within(1, UPLOAD_SECONDS);
    await vfolders.client.sendPart(token, 5, Buffer.from('56789'));
    expect(await ttl(), 'the same after the upload').to.satisfy(
      (seconds: number) => seconds === -2 || (seconds > 0 && seconds <= UPLOAD_SECONDS),
    );
  });

  /** Waits until the storage-proxy has begun to receive a part of each upload. Fails as soon as a part fails. */
  async function allHeld(tokens: readonly string[], parts: Promise<unknown>): Promise<void> {
    let failed: { error: unknown } | undefined;
    parts.catch((error: unknown) => {
      failed = { error };
    });
    const keys = tokens.map((token) => `tus.upload.lease:${claimsOf(token).session}`);
    await waitUntil(
      'a part of each upload to arrive',
      async () => {
        if (failed) throw failed.error;
        const held = await world()
          .valkey.db(VALKEY_DB.tus)
          .exists(...keys);
        return held === keys.length ? undefined : notYet(`${held} of ${keys.length}`);
      },
      { deadlineSeconds: 20, everyMs: 50 },
    );
  }
});
