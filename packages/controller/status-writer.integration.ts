import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/shared-control-plane';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/until';
import { expect } from 'chai';
import { StatusWriter } from './status-writer.ts';

interface Widget extends KubeObject {
  spec?: { size?: number };
  status?: {
    observedGeneration?: number;
    verdict?: string;
    message?: string;
    tests?: { name: string; state: string }[];
    conditions?: { type: string; status: string }[];
  };
}
const WIDGETS: Resource<Widget> = { apiVersion: 'example.org/v1', kind: 'Widget', plural: 'widgets' };
const at = { namespace: 'status', name: 'w' };

describe('the status writer against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  let writes: number;
  let writer: StatusWriter<Widget>;

  before(async () => {
    plane = await sharedControlPlane();
    await plane.applyYaml(DEFINITION);
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

  it('writes with observedGeneration, and not again what is there already, even after a restart', async () => {
    const after = await writer.write(await read(), status);
    expect(after?.status).to.deep.equal({ ...status, observedGeneration: 1 });
    await writer.write(await read(), status);
    const restarted = new StatusWriter({ client, resource: WIDGETS, fieldManager: 'operator' });
    await restarted.write(await read(), status);
    expect(writes).to.equal(1);
    await client.mergePatch(WIDGETS, at, { spec: { size: 2 } });
    expect((await writer.write(await read(), status))?.status?.observedGeneration).to.equal(2);
    expect(writes).to.equal(2);
  });

  it('removes what it no longer says, and leaves what others own', async () => {
    await writer.write(await read(), { ...status, message: 'soon' });
    const tests = [{ name: 't', state: 'passed' }];
    await client.applyStatus(
      WIDGETS,
      { metadata: at, status: { tests, conditions: [{ type: 'Theirs', status: 'True' }] } },
      { fieldManager: 'runner' },
    );
    writes = 0;
    await writer.write(await read(), { ...status, message: 'soon' });
    expect(writes, "others' fields are no reason to write").to.equal(0);
    const after = await writer.write(await read(), status);
    expect(after?.status?.message).to.equal(undefined);
    expect(after?.status?.tests).to.deep.equal(tests);
    expect(after?.status?.conditions?.map(({ type }) => type)).to.have.members(['Ready', 'Theirs']);
  });

  it('takes back what another overwrote', async () => {
    await writer.write(await read(), status);
    await client.mergePatch(WIDGETS, at, { status: { verdict: 'Failed' } }, { subresource: 'status' });
    expect((await writer.write(await read(), status))?.status?.verdict).to.equal('Passed');
  });

  it('is not fooled by a cache that has not seen its last write', async () => {
    await writer.write(await read(), { verdict: 'Passed' });
    const stale = await read();
    await writer.write(stale, { verdict: 'Failed' });
    await writer.write(stale, { verdict: 'Passed' });
    expect((await read()).status?.verdict).to.equal('Passed');
  });

  it('takes an object that is gone, or made anew, for no error, and sets the namesake right', async () => {
    const gone = await read();
    await client.delete(WIDGETS, at);
    expect(await writer.write(gone, status)).to.equal(undefined);
    await client.create(WIDGETS, { metadata: at });
    expect(await writer.write(gone, status)).to.equal(undefined);
    expect((await writer.write(await read(), { verdict: 'Failed' }))?.status).to.deep.equal({
      verdict: 'Failed',
      observedGeneration: 1,
    });
  });
});

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, properties: { size: { type: integer } } }
            status:
              type: object
              properties:
                observedGeneration: { type: integer }
                verdict: { type: string }
                message: { type: string }
                tests:
                  type: array
                  items: { type: object, properties: { name: { type: string }, state: { type: string } } }
                conditions:
                  type: array
                  x-kubernetes-list-type: map
                  x-kubernetes-list-map-keys: [type]
                  items:
                    type: object
                    required: [type]
                    properties: { type: { type: string }, status: { type: string } }
`;
