import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '@backendai-e2e/tools/envtest/control-plane/control-plane';
import { sharedControlPlane } from '@backendai-e2e/tools/envtest/control-plane/shared-control-plane';
import { TcpProxy } from '@backendai-e2e/tools/envtest/proxies/tcp-proxy';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { KubeClient, type KubeClientOptions } from './client.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES, NAMESPACES, PODS } from './objects/builtin-resources.ts';
import { ApiError, isAlreadyExists, isConflict, isGone, isNotFound } from './requests/api-error.ts';

const namespace = 'client';
const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the client against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  const opened: (() => Promise<void>)[] = [];

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    await plane.createNamespace(namespace);
  });
  after(async () => {
    for (const close of opened) await close();
    await plane.stop();
  });

  const at = (name: string) => ({ namespace, name });
  const make = (name: string, data: Record<string, string> = {}) =>
    client.create(CONFIG_MAPS, { metadata: at(name), data });

  async function throughProxy(options: KubeClientOptions = {}) {
    const proxy = new TcpProxy(Number(new URL(plane.url).port));
    const server = `https://127.0.0.1:${await proxy.start()}`;
    const proxied = new KubeClient({ ...plane.kubeConfig(), server }, options);
    opened.push(async () => {
      await proxied.close();
      await proxy.stop();
    });
    return { proxy, client: proxied };
  }

  /** The same, but the client connects to an HTTP proxy, which it asks for a tunnel to the API server. */
  async function throughTunnel(options: KubeClientOptions) {
    const tunnels = createServer().on('connect', ({ url }, near) => {
      const far = connect(Number(url?.split(':')[1]), '127.0.0.1', () =>
        near.write('HTTP/1.1 200 OK\r\n\r\n'),
      );
      far.on('error', () => near.destroy()).on('close', () => near.destroy());
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => tunnels.listen(0, '127.0.0.1', resolve));
    const address = tunnels.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    const proxy = new TcpProxy(address.port);
    const entry = `http://127.0.0.1:${await proxy.start()}`;
    const tunnelled = new KubeClient({ ...plane.kubeConfig(), proxy: entry }, options);
    opened.push(async () => {
      await tunnelled.close();
      await proxy.stop();
      tunnels.close();
    });
    return { proxy, client: tunnelled };
  }

  it('creates, gets, patches, replaces and deletes, with an error for each refusal', async () => {
    const made = await make('a', { x: '1' });
    expect(await failure(make('a'))).to.satisfy(isAlreadyExists);
    await client.mergePatch(CONFIG_MAPS, at('a'), { data: { x: null, y: '2' } });
    expect((await client.get(CONFIG_MAPS, at('a')))?.data).to.deep.equal({ y: '2' });
    expect(await failure(client.replace(CONFIG_MAPS, made))).to.satisfy(isConflict);
    expect(await failure(client.delete(CONFIG_MAPS, at('a'), { uid: 'other' }))).to.satisfy(isConflict);
    expect(await client.delete(CONFIG_MAPS, at('a'), { uid: made.metadata.uid })).to.equal(true);
    expect(await client.delete(CONFIG_MAPS, at('a'))).to.equal(false);
    expect(await client.get(CONFIG_MAPS, at('a'))).to.equal(undefined);
    expect(await failure(client.podLogs(at('a')))).to.satisfy(isNotFound);
  });

  it('applies text with any characters, and reads the same text back', async () => {
    const text = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
    const odd = { text: `${text}\ufeff\uffff😀\ud800` };
    const options = { fieldManager: 'odd', force: true };
    await client.apply(CONFIG_MAPS, { metadata: at('odd'), data: odd }, options);
    const held = (await client.get<ConfigMap>(CONFIG_MAPS, at('odd')))?.data?.text;
    expect(held).to.equal(`${text}\ufeff\uffff😀\ufffd`);
  });

  it('lists page by page, with selectors, and gives each object its kind', async () => {
    for (let index = 0; index < 7; index++) {
      await client.create(CONFIG_MAPS, {
        metadata: { ...at(`page-${index}`), labels: { odd: `${index % 2}` } },
      });
    }
    const all = await client.list(CONFIG_MAPS, { namespace }, { pageSize: 2 });
    expect(all.items.map(({ metadata }) => metadata.name)).to.include.members(['page-0', 'page-6']);
    expect(all.items[0]).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
    const odd = await client.list(CONFIG_MAPS, { namespace, labelSelector: 'odd=1' }, { pageSize: 2 });
    expect(odd.items).to.have.length(3);
    const one = await client.list(CONFIG_MAPS, { namespace, fieldSelector: 'metadata.name=page-3' });
    expect(one.items).to.have.length(1);
  });

  it('applies as one of several owners: conflict, force, and removal of a field', async () => {
    const apply = (fieldManager: string, data: Record<string, string>, force = false) =>
      client.apply(CONFIG_MAPS, { metadata: at('shared'), data }, { fieldManager, force });
    await apply('first', { a: '1', b: '1' });
    await apply('second', { c: '2' });
    const conflict = await failure(apply('second', { c: '2', a: '2' }));
    expect(conflict).to.satisfy(isConflict);
    expect(String(conflict)).to.match(/apply configmaps client\/shared.*"first".*\.data\.a/s);
    expect((await apply('second', { c: '2', a: '2' }, true)).data).to.deep.equal({ a: '2', b: '1', c: '2' });
    expect((await apply('second', { c: '2' })).data).to.deep.equal({ b: '1', c: '2' });
  });

  it('watches from a resourceVersion until it is aborted, and reports one that is too old', async () => {
    const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace });
    const stop = new AbortController();
    const seen: string[] = [];
    setTimeout(() => void make('watched'), 50);
    for await (const event of client.watch(CONFIG_MAPS, { namespace, resourceVersion }, stop.signal)) {
      if (event.type === 'BOOKMARK') continue;
      seen.push(`${event.type} ${event.object.metadata.name}`);
      stop.abort();
    }
    expect(seen).to.deep.equal(['ADDED watched']);
    // A fresh API server knows nothing of what was before it.
    await plane.stopApiServer('kill');
    await plane.startApiServer();
    // Until its watch cache is filled, it still answers from etcd.
    await until('the API server has forgotten', async () => {
      const done = new AbortController();
      const old = client.watch(CONFIG_MAPS, { namespace, resourceVersion: '1' }, done.signal);
      const error = await failure(old.next());
      done.abort();
      if (!isGone(error)) throw error ?? new Error('it answered');
      return true;
    });
  });

  it('applies the status of a pod as a subresource', async () => {
    const containers = [{ name: 'main', image: 'none' }];
    await client.create(PODS, { metadata: at('pod'), spec: { containers } });
    const after = await client.applyStatus(
      PODS,
      { metadata: at('pod'), status: { phase: 'Running', message: 'by hand' } },
      { fieldManager: 'kubelet' },
    );
    expect(after.status?.phase).to.equal('Running');
  });

  it('reuses connections instead of opening one for every request', async () => {
    const { proxy, client: proxied } = await throughProxy();
    for (let index = 0; index < 50; index++) await proxied.get(NAMESPACES, { name: namespace });
    // Two, when a request starts before undici has freed the connection of the one before.
    expect(proxy.accepted).to.be.at.most(2);
    await Promise.all(Array.from({ length: 100 }, () => proxied.get(NAMESPACES, { name: namespace })));
    expect(proxy.accepted).to.be.at.most(102);
  });

  it('shares eight connections among ordinary requests, and a lease waits for none of them', async () => {
    const { proxy, client: proxied } = await throughProxy({ deadlineMs: 5_000 });
    const many = (options = {}) =>
      Array.from({ length: 100 }, () => proxied.get(NAMESPACES, { name: namespace }, options));
    await Promise.all(many({ deadlineMs: 60_000 }));
    expect(proxy.accepted).to.be.at.most(8);
    proxy.silence();
    const stuck = many().map(failure);
    const first = await Promise.race([proxied.get(LEASES, at('missing')), ...stuck]);
    expect(first, 'the lease, which is not there, before any of them is given up').to.equal(undefined);
    for (const error of await Promise.all(stuck)) expect(error).to.be.instanceOf(ApiError);
  });

  it('transforms each object of a list, page by page', async () => {
    for (const name of ['kept-a', 'kept-b', 'kept-c']) await make(name, { size: 'large' });
    const keep = (map: ConfigMap) =>
      map.metadata.name === 'kept-b' ? undefined : { metadata: map.metadata, kind: map.kind ?? 'none' };
    const query = { namespace, fieldSelector: 'metadata.name!=shared' };
    const { items } = await client.list(CONFIG_MAPS, query, { pageSize: 2, keep });
    const names = items.map(({ metadata }) => metadata.name);
    expect(names).to.include.members(['kept-a', 'kept-c']);
    expect(names).not.to.include('kept-b');
    for (const item of items) expect(item).to.have.all.keys('metadata', 'kind');
    expect(items[0]?.kind).to.equal('ConfigMap');
  });

  it('repeats requests while the API server restarts', async () => {
    await make('during', {});
    const patient = plane.client({ deadlineMs: LAST_RESORT_MS });
    await plane.stopApiServer('kill');
    const patched = patient.mergePatch<ConfigMap>(CONFIG_MAPS, at('during'), { data: { a: '1' } });
    const created = patient.create(CONFIG_MAPS, { metadata: at('born') });
    await plane.startApiServer();
    expect((await patched).data).to.deep.equal({ a: '1' });
    expect((await created).metadata.name).to.equal('born');
  });

  it('gives up at its deadline and names the request, also without any answer', async () => {
    const { proxy, client: proxied } = await throughProxy({ deadlineMs: 600 });
    await proxied.get(NAMESPACES, { name: namespace });
    proxy.blackHole();
    const start = performance.now();
    const elapsed = () => performance.now() - start;
    const call = failure(proxied.get(NAMESPACES, { name: namespace }));
    // Beside a timer of the same length: on a busy machine both are late.
    const [late, lateMs, timerMs] = await Promise.all([call, call.then(elapsed), delay(600).then(elapsed)]);
    expect(lateMs).to.be.at.least(500);
    expect(lateMs - timerMs).to.be.below(900);
    expect(late).to.be.instanceOf(ApiError);
    expect(String(late)).to.match(/get namespaces client: Deadline: no complete answer/);
  });

  it('ends at once when its caller aborts', async () => {
    const { proxy, client: proxied } = await throughProxy();
    await proxied.get(NAMESPACES, { name: namespace });
    proxy.blackHole();
    const stop = new AbortController();
    const pending = failure(proxied.list(CONFIG_MAPS, {}, { signal: stop.signal }));
    stop.abort(new Error('stopped'));
    expect(String(await Promise.race([pending, delay(500, 'late')]))).to.equal('Error: stopped');
  });

  it('reports requests for the metrics', async () => {
    const seen: string[] = [];
    const measured = plane.client({ onRequest: ({ verb, code }) => seen.push(`${verb} ${code}`) });
    await measured.get(CONFIG_MAPS, at('nothing'));
    await measured.list(CONFIG_MAPS, { namespace });
    expect(seen).to.deep.equal(['get 404', 'list 200']);
  });

  it('sends no write that its owner refuses, and reads all the same', async () => {
    const fenced = plane.client({
      beforeWrite: (what) => {
        throw new Error(`not sent: ${what}`);
      },
    });
    await make('fenced');
    const writes = [
      fenced.create(CONFIG_MAPS, { metadata: at('unsent') }),
      fenced.mergePatch(CONFIG_MAPS, at('fenced'), { data: { a: '1' } }),
      fenced.apply(CONFIG_MAPS, { metadata: at('fenced') }, { fieldManager: 'tests' }),
      fenced.delete(CONFIG_MAPS, at('fenced')),
    ];
    expect((await Promise.all(writes.map(failure))).map(String)).to.deep.equal([
      'Error: not sent: create configmaps client/unsent',
      'Error: not sent: patch configmaps client/fenced',
      'Error: not sent: apply configmaps client/fenced',
      'Error: not sent: delete configmaps client/fenced',
    ]);
    expect(await fenced.get(CONFIG_MAPS, at('unsent'))).to.equal(undefined);
    expect(await fenced.get(CONFIG_MAPS, at('fenced'))).to.not.have.property('data');
  });

  for (const [way, open] of [
    ['to open or to be free', throughProxy],
    ['through an HTTP proxy', throughTunnel],
  ] as const) {
    it(`sends no write that its owner refuses while it waits for a connection ${way}`, async () => {
      let refused = false;
      const seen: string[] = [];
      const { proxy, client: fenced } = await open({
        beforeWrite: (what) => {
          if (refused) throw new Error(`not sent: ${what}`);
        },
        onRequest: ({ verb, code }) => seen.push(`${verb} ${code}`),
      });
      proxy.hold();
      // More than the connections for ordinary requests: some wait for a connection to open, others for a free one.
      const names = Array.from({ length: 12 }, (_, index) => `late-${index}`);
      const writes = names.map((name) => failure(fenced.create(CONFIG_MAPS, { metadata: at(name) })));
      await until('the client connects', async () => proxy.accepted > 0);
      refused = true;
      proxy.allow();
      expect((await Promise.all(writes)).map(String)).to.deep.equal(
        names.map((name) => `Error: not sent: create configmaps client/${name}`),
      );
      const { items } = await fenced.list(CONFIG_MAPS, { namespace });
      expect(items.filter(({ metadata }) => names.includes(metadata.name ?? ''))).to.deep.equal([]);
      expect(seen).to.deep.equal(['list 200']);
    });
  }
});
