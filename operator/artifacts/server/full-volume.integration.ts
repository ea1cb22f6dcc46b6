import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { ARTIFACTS_PATH, keyOf, pathTo } from '@backendai-e2e/api/artifact-key';
import { artifactServerOn, owner, sumOf } from '@backendai-e2e/tools/envtest/servers/artifact-client';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { ArtifactServerError } from '../server-client.ts';
import { FolderBackend } from './folder-backend.ts';
import { quotaOf } from './settings.ts';

const signal = new AbortController().signal;

describe('artifacts on a volume that is full', function () {
  this.timeout(LAST_RESORT_MS);
  const MB = 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'e2e-artifacts-'));
  const quota = quotaOf('4Mi');
  let kept: Awaited<ReturnType<typeof artifactServerOn>>;

  before(async () => {
    const store = new FolderBackend(folder, quota);
    await store.open();
    kept = await artifactServerOn(store);
  });
  after(async () => {
    await kept?.artifactServer.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const log = (bytes: number) => ({ file: 'suite.log.gz', bytes: randomBytes(bytes), omittedBytes: 0 });
  const refusalOf = (asked: Promise<unknown>): Promise<ArtifactServerError> =>
    asked.then(
      () => {
        throw new Error('it was stored');
      },
      (error: unknown) => {
        if (error instanceof ArtifactServerError) return error;
        throw error;
      },
    );

  it('stay, and the next ones are refused with 507 until there is room', async () => {
    const [first, second, third] = [owner('first'), owner('second'), owner('third')];
    const one = log(3 * MB);
    const key = await kept.client.put(first, one, signal);
    for (const at of [second, third]) {
      const error = await refusalOf(kept.client.put(at, log(3 * MB), signal));
      expect(error.message).to.match(/507: the volume is full: artifacts may take 3774873 bytes/);
      expect(error).to.include({ mayPass: false, full: true });
    }
    const found = await kept.ask('GET', `${ARTIFACTS_PATH}/${pathTo({ ...first, key })}`);
    expect(found.bytes.equals(one.bytes)).to.equal(true);
    // What is there already needs no room.
    expect(await kept.client.put(first, one, signal)).to.equal(key);
    await kept.client.put(third, log(MB / 2), signal);
    await kept.client.remove(first, signal);
    await kept.client.put(second, log(3 * MB), signal);
    expect(await kept.client.list({ namespace: 'ns' }, signal)).to.have.length(2);
  });

  it('are counted while they come, whatever length their sender announces', async () => {
    const store = new FolderBackend(folder, quota);
    await store.open();
    const { used } = store.usage;
    const at = owner('sneaked');
    const key = keyOf({ sha256: sumOf(Buffer.from('x')), omittedBytes: 0, file: 'events.txt' });
    const body = new PassThrough();
    const sending = store.put({ ...at, key }, body, signal, 1).then(
      () => 'kept',
      (error: Error) => error.name,
    );
    body.end(Buffer.alloc(3 * MB));
    expect(await sending).to.equal('FullError');
    expect(store.usage.used).to.equal(used);
    expect(readdirSync(join(folder, '.under-way'))).to.deep.equal([]);
  });

  it('show in metrics how much they take, and how many were refused', async () => {
    const text = (await kept.ask('GET', '/metrics')).bytes.toString();
    expect(text).to.match(/^backendai_e2e_artifacts_quota_bytes 3774873$/m);
    expect(text).to.match(/^backendai_e2e_artifacts_refused_total 2$/m);
    const [, used] = /^backendai_e2e_artifacts_bytes (\d+)$/m.exec(text) ?? [];
    expect(Number(used)).to.be.within(3.5 * MB, 3_774_873);
  });

  it('have no limit but the volume where none is set, and a size that is none is an error', () => {
    expect(quotaOf(undefined)).to.equal(undefined);
    expect(quotaOf('')).to.equal(undefined);
    expect(quotaOf('100')).to.equal(90);
    expect(() => quotaOf('lots')).to.throw('E2E_ARTIFACTS_SIZE_LIMIT is no size such as "2Gi": "lots"');
  });
});
