import { createHash, randomBytes } from 'node:crypto';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { type Receipt, useFaults, withFault } from '../chaos/faults.ts';
import { useRecovery } from '../chaos/recovery.ts';
import { VALKEY_DB } from '../clients/data-stores/valkey.ts';
import { BackendApiError, NoAnswer } from '../clients/http/api.ts';
import type { VFolder } from '../clients/manager/vfolders.ts';
import { claimsOf } from '../clients/web/tokens.ts';
import { measure } from '../evidence/record.ts';
import { notYet, waitUntil } from '../evidence/waiting.ts';
import { VFolderFixture } from '../fixtures/vfolder-fixture.ts';
import { useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
const PART = 8 * MIB;
/** Longest time until a new process of the storage-proxy answers, on two busy cores. */
const START_SECONDS = 120;
/**
 * Longest time until a part of a killed server no longer blocks others. Its lease takes 30 s (ai.backend.common, valkey_tus), and
 * the check some more.
 */
const LEASE_SECONDS = 45;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('an upload whose storage-proxy is restarted', function () {
  this.timeout(300_000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'storage-proxy']);
  const faults = useFaults();
  useRecovery(world);
  let vfolders: VFolderFixture;
  let folder: VFolder;
  beforeEach('a user creates a folder', async () => {
    vfolders = new VFolderFixture(world());
    folder = await vfolders.make(world().afterTest);
  });

  /** Sends the beginning of a part only. Resolves to the error when the connection breaks. */
  const beginPart = (
    token: string,
    offset: number,
    bytes: Buffer,
    announced: number,
  ): { request: ClientRequest; broken: Promise<string> } => {
    const url = new URL('/upload', world().connection.storageProxy.clientUrl);
    url.searchParams.set('token', token);
    const headers = { 'upload-offset': String(offset), 'content-length': String(announced) };
    const request = httpRequest(url, { method: 'PATCH', headers, agent: false });
    const broken = new Promise<string>((resolve) => {
      request.on('response', (answer) => {
        answer.resume();
        resolve(`answered ${answer.statusCode}`);
      });
      request.on('error', (error) => resolve(`broken: ${error.message}`));
    });
    request.write(bytes);
    world().afterTest.add('half a part', async () => request.destroy());
    return { request, broken };
  };

  /** Bytes of an incomplete upload on the volume. */
  const staged = async (session: string): Promise<number | undefined> => {
    const files = await vfolders.volume.files(folder, '.upload').catch((error: unknown) => {
      if (error instanceof BackendApiError) return [];
      throw error;
    });
    return files.find((file) => file.name === session)?.size;
  };

  /** Requests the progress of the upload until a storage-proxy answers. */
  const stateAgain = (token: string, receipt: Receipt): Promise<{ offset: number; length: number }> =>
    waitUntil('the storage-proxy to answer again', () => vfolders.client.uploadState(token), {
      deadlineSeconds: START_SECONDS,
      everyMs: 200,
      tolerate: (error) => error instanceof NoAnswer,
    }).then((state) => {
      measure('storage-proxy-answers-again', (Date.now() - receipt.injectedAt.getTime()) / 1000, 's');
      return state;
    });

  /** Sends the rest of the file as soon as the upload accepts it, and checks the file on all sides. */
  const finish = async (token: string, path: string, bytes: Buffer, offset: number): Promise<void> => {
    const since = performance.now();
    const next = await waitUntil(
      'the upload to take the next part',
      () => vfolders.client.sendPart(token, offset, bytes.subarray(offset, offset + PART)),
      {
        deadlineSeconds: LEASE_SECONDS,
        everyMs: 250,
        // Refused while the lease of the broken part lasts. A wrong offset would always be refused.
        tolerate: (error) =>
          error instanceof BackendApiError && error.type.endsWith('/storage/tus-lease-held'),
      },
    );
    measure('next-part-taken', (performance.now() - since) / 1000, 's');
    expect(next).to.equal(offset + PART);
    await expectRefusal(vfolders.client.sendPart(token, offset, bytes.subarray(offset, offset + PART)), {
      status: 409,
      kind: 'storage/upload-offset-mismatch',
      msg: `expected ${next}`,
    });
    let at = next;
    while (at < bytes.length) at = await vfolders.client.sendPart(token, at, bytes.subarray(at, at + PART));
    const back = await vfolders.download(folder.id, path);
    expect(back.length).to.equal(bytes.length);
    expect(sha256(back)).to.equal(sha256(bytes));
    const [listed, stored] = await Promise.all([
      world().user.folders.files(folder.id),
      vfolders.volume.files(folder),
    ]);
    expect(listed.find((file) => file.name === path)?.size, 'as the manager lists it').to.equal(bytes.length);
    expect(stored.find((file) => file.name === path)?.size, 'on the volume').to.equal(bytes.length);
  };

  it('resumes after the last complete part when it is killed in the middle of a part', async () => {
    const { afterTest, user, valkey } = world();
    const bytes = randomBytes(3 * PART);
    const { token } = await user.folders.requestUpload(folder.id, 'killed.bin', bytes.length);
    const { session } = claimsOf(token);
    expect(await vfolders.client.sendPart(token, 0, bytes.subarray(0, PART))).to.equal(PART);
    // Different bytes than the file's own. If they stayed, the checksum would differ.
    const half = beginPart(token, PART, randomBytes(PART / 2), PART);
    await waitUntil(
      'half a part to be on the volume',
      async () => {
        const size = await staged(String(session));
        return size !== undefined && size > PART ? size : notYet(size);
      },
      { deadlineSeconds: 20, everyMs: 50 },
    );
    const target = { component: 'storage-proxy' };
    await withFault(faults(), { target, kill: {} }, afterTest, async (receipt) => {
      expect(await half.broken).to.match(/^broken/);
      expect(await stateAgain(token, receipt)).to.deep.equal({ offset: PART, length: bytes.length });
      const key = `tus.upload.offset:${session}`;
      expect(Number(await valkey.db(VALKEY_DB.tus).get(key)), 'the offset in Valkey').to.equal(PART);
      await finish(token, 'killed.bin', bytes, PART);
    });
  });

  it('resumes at another pod when its own is deleted between two parts', async () => {
    const { afterTest, user } = world();
    const bytes = randomBytes(3 * PART);
    const { token } = await user.folders.requestUpload(folder.id, 'moved.bin', bytes.length);
    expect(await vfolders.client.sendPart(token, 0, bytes.subarray(0, PART))).to.equal(PART);
    const target = { component: 'storage-proxy' };
    await withFault(faults(), { target, podDelete: {} }, afterTest, async (receipt) => {
      expect(await stateAgain(token, receipt)).to.deep.equal({ offset: PART, length: bytes.length });
      await finish(token, 'moved.bin', bytes, PART);
    });
  });
});
