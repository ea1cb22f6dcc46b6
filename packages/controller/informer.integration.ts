import { isGone } from '@backendai-e2e/kube/api-error';
import { CONFIG_MAPS, type ConfigMap } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { TcpProxy } from '@backendai-e2e/tools/envtest/proxies/tcp-proxy';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { Informer } from './informer.ts';
import { createMetrics, type RuntimeMetrics } from './metrics.ts';

describe('an informer against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let proxy: TcpProxy;
  let direct: KubeClient;
  let client: KubeClient;
  let stop: AbortController;
  let running: Promise<void>;
  let metrics: RuntimeMetrics;
  let informer: Informer<ConfigMap>;
  let told: string[];
  let namespace = '';
  let count = 0;

  before(async () => {
    plane = await sharedControlPlane();
  });
  after(() => plane?.stop());

  beforeEach(async () => {
    namespace = `informer-${++count}`;
    await plane.createNamespace(namespace);
    direct = plane.client();
    // The informer goes another way than the test, so that the test can break it and still change things.
    proxy = new TcpProxy(Number(new URL(plane.url).port));
    const port = await proxy.start();
    client = new KubeClient({ ...plane.kubeConfig(), server: `https://127.0.0.1:${port}` });
    metrics = createMetrics();
    told = [];
    stop = new AbortController();
    await direct.create(CONFIG_MAPS, { metadata: { namespace, name: 'old' } });
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await client.close();
    await proxy.stop();
  });

  /** Whether the API server refuses to watch from there on: it no longer knows what came after it. */
  async function forgotten(resourceVersion: string): Promise<boolean> {
    const query = { namespace, resourceVersion, timeoutSeconds: 1 };
    try {
      for await (const _event of direct.watch(CONFIG_MAPS, query, AbortSignal.timeout(2_000))) return false;
      return false;
    } catch (error) {
      if (isGone(error)) return true;
      throw error;
    }
  }

  async function follow(options: { silenceMs?: number } = {}): Promise<void> {
    informer = new Informer({
      client,
      resource: CONFIG_MAPS,
      namespace,
      labelSelector: 'ignored!=yes',
      log: quietLog(),
      metrics,
      ...options,
    });
    informer.onChange(({ type, name }) => told.push(`${type} ${name.name}`));
    running = informer.run(stop.signal);
    await informer.waitForSync(60_000);
  }

  const make = (name: string, labels: Record<string, string> = {}) =>
    direct.create(CONFIG_MAPS, { metadata: { namespace, name, labels } });
  const hears = (line: string) =>
    until(line, () => {
      if (!told.includes(line)) throw new Error(told.join(', '));
      return true;
    });

  async function lists(): Promise<Record<string, number>> {
    const { values } = await metrics.informerRelists.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.reason, value]));
  }

  it('hears of additions, changes and deletions, of its own selection only', async () => {
    await follow();
    await make('new');
    await make('other', { ignored: 'yes' });
    await direct.mergePatch(CONFIG_MAPS, { namespace, name: 'new' }, { data: { a: '1' } });
    await direct.delete(CONFIG_MAPS, { namespace, name: 'old' });
    await hears('deleted old');
    expect(told).to.deep.equal(['added old', 'added new', 'updated new', 'deleted old']);
    expect(informer.list(namespace).map(({ data }) => data)).to.deep.equal([{ a: '1' }]);
    expect(informer.get({ namespace, name: 'new' })).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('goes on after its connection was cut, without a new list and without missing anything', async () => {
    await follow();
    proxy.hold();
    await make('during');
    await direct.delete(CONFIG_MAPS, { namespace, name: 'old' });
    proxy.allow();
    await hears('added during');
    await hears('deleted old');
    expect(told).to.have.length(3);
    expect(await lists()).to.deep.equal({ start: 1 });
  });

  it('survives a restart of the API server', async () => {
    await follow();
    await plane.stopApiServer('kill');
    await plane.startApiServer();
    await make('after');
    await hears('added after');
    expect(told.filter((line) => line === 'added old')).to.have.length(1);
  });

  it('lists again when the API server no longer knows what it missed (410)', async () => {
    await follow();
    const before = await direct.get(CONFIG_MAPS, { namespace, name: 'old' });
    // Its next watch waits for that server: an informer whose watches fail a few times lists again for that reason.
    proxy.hold();
    await make('first');
    await direct.delete(CONFIG_MAPS, { namespace, name: 'old' });
    // A fresh API server's watch cache begins with what etcd holds now: everything before is too old for it.
    await plane.stopApiServer('kill');
    await plane.startApiServer();
    await make('second');
    // Until that cache is filled, the API server still answers old watches from etcd.
    await until('the API server has forgotten', () => forgotten(before?.metadata.resourceVersion ?? ''));
    proxy.allow();
    await hears('added second');
    expect(informer.list().map(({ metadata }) => metadata.name)).to.have.members(['first', 'second']);
    expect(told).to.include('deleted old');
    expect((await lists()).gone).to.be.greaterThan(0);
  });

  it('notices a connection that is open but dead, and lists again', async () => {
    await follow({ silenceMs: 1_000 });
    // Its watch is open: what it hears of comes over that.
    await make('heard');
    await hears('added heard');
    proxy.silence();
    await make('unheard');
    // A second of silence, and a try of 10 s on a connection of the pool that died with it.
    await hears('added unheard');
    expect((await lists()).silence).to.be.greaterThan(0);
  });
});
