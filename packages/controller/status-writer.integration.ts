import { isConflict } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { WIDGET_CRD, WIDGETS, type Widget } from '@backendai-e2e/tools/envtest/doubles/widgets';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { applyStatusPart, StatusWriter } from './status-writer.ts';

const at = { namespace: 'status', name: 'w' };

describe('the status writer against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  let writes: number;
  let writer: StatusWriter<Widget>;

  before(async () => {
    plane = await sharedControlPlane();
    await plane.applyYaml(WIDGET_CRD);
    await plane.createNamespace(at.namespace);
  });
  after(() => plane?.stop());

  beforeEach(async () => {
    writes = 0;
    client = plane.client({ onRequest: ({ verb }) => verb === 'apply' && writes++ });
    writer = new StatusWriter({ client, resource: WIDGETS, fieldManager: 'operator' });
    await client.delete(WIDGETS, at);
    await client.create(WIDGETS, { metadata: at, spec: { size: 1 } });
  });

  async function read(): Promise<Widget> {
    const widget = await client.get(WIDGETS, at);
    if (!widget) throw new Error('no widget');
    return widget;
  }

  const status = { verdict: 'Passed', conditions: [{ type: 'Ready', status: 'True' }] };
  const write = (widget: Widget, wanted: NonNullable<Widget['status']>) =>
    writer.write(widget, wanted, new AbortController().signal);

  it('writes observedGeneration, and writes nothing again that is there, even after a restart', async () => {
    const after = await write(await read(), status);
    expect(after?.status).to.deep.equal({ ...status, observedGeneration: 1 });
    await write(await read(), status);
    const restarted = new StatusWriter({ client, resource: WIDGETS, fieldManager: 'operator' });
    await restarted.write(await read(), status, new AbortController().signal);
    expect(writes).to.equal(1);
    await client.mergePatch(WIDGETS, at, { spec: { size: 2 } });
    expect((await write(await read(), status))?.status?.observedGeneration).to.equal(2);
    expect(writes).to.equal(2);
  });

  it('removes fields that it no longer sets and leaves the fields of others', async () => {
    await write(await read(), { ...status, message: 'soon' });
    const tests = [{ name: 't', state: 'passed' }];
    await client.applyStatus(
      WIDGETS,
      { metadata: at, status: { tests, conditions: [{ type: 'Theirs', status: 'True' }] } },
      { fieldManager: 'runner' },
    );
    writes = 0;
    await write(await read(), { ...status, message: 'soon' });
    expect(writes, "others' fields are no reason to write").to.equal(0);
    const after = await write(await read(), status);
    expect(after?.status?.message).to.equal(undefined);
    expect(after?.status?.tests).to.deep.equal(tests);
    expect(after?.status?.conditions?.map(({ type }) => type)).to.have.members(['Ready', 'Theirs']);
  });

  it('restores a field that another writer overwrote', async () => {
    await write(await read(), status);
    await client.mergePatch(WIDGETS, at, { status: { verdict: 'Failed' } }, { subresource: 'status' });
    expect((await write(await read(), status))?.status?.verdict).to.equal('Passed');
  });

  it('returns its last write in place of a cached object that is older', async () => {
    await write(await read(), { verdict: 'Passed' });
    const stale = await read();
    await write(stale, { verdict: 'Failed' });
    await write(writer.latest(stale), { verdict: 'Passed' });
    expect((await read()).status?.verdict).to.equal('Passed');
  });

  it('refuses a decision on an older state than the stored one', async () => {
    const stale = await read();
    await write(stale, { verdict: 'Failed' });
    const late = await write(stale, { verdict: 'Passed' }).catch((error: unknown) => error);
    expect(isConflict(late), String(late)).to.equal(true);
    expect((await read()).status?.verdict).to.equal('Failed');
  });

  it('writes a decision that still holds after others changed labels', async () => {
    const before = await read();
    await client.mergePatch(WIDGETS, at, { metadata: { labels: { owner: 'them' } } });
    expect((await write(before, status))?.status?.verdict).to.equal('Passed');
  });

  it('accepts that an object is gone or was replaced, and writes to its replacement', async () => {
    const gone = await read();
    await client.delete(WIDGETS, at);
    expect(await write(gone, status)).to.equal(undefined);
    await client.create(WIDGETS, { metadata: at });
    expect(await write(gone, status)).to.equal(undefined);
    expect((await write(await read(), { verdict: 'Failed' }))?.status).to.deep.equal({
      verdict: 'Failed',
      observedGeneration: 1,
    });
  });

  describe('a part of a status', () => {
    const signal = new AbortController().signal;
    const part = (object: Widget, verdict: string, onlyIfUnchanged = false) =>
      applyStatusPart(
        client,
        WIDGETS,
        object,
        { verdict },
        { fieldManager: 'part', onlyIfUnchanged, signal },
      );

    it('is written beside the fields of others', async () => {
      const before = await read();
      await client.applyStatus(
        WIDGETS,
        { metadata: at, status: { message: 'theirs' } },
        { fieldManager: 'them' },
      );
      expect(await part(before, 'Passed')).to.equal(true);
      expect((await read()).status).to.deep.equal({ message: 'theirs', verdict: 'Passed' });
    });

    it('is refused for an object that changed, where it must be unchanged', async () => {
      const before = await read();
      await part(before, 'Passed');
      expect(isConflict(await part(before, 'Failed', true).catch((error: unknown) => error))).to.equal(true);
      expect((await read()).status?.verdict).to.equal('Passed');
    });

    it('says that an object is gone, and leaves a later one of its name alone', async () => {
      const gone = await read();
      await client.delete(WIDGETS, at);
      expect(await part(gone, 'Passed')).to.equal(false);
      await client.create(WIDGETS, { metadata: at });
      expect(await part(gone, 'Passed')).to.equal(false);
      expect((await read()).status).to.equal(undefined);
    });
  });
});
