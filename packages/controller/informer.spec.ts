import { ApiError } from '@backendai-e2e/kube/api-error';
import type { KubeClient, ListOptions, ObjectList, WatchEvent } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { FakeClock } from '@backendai-e2e/tools/envtest/doubles/fake-clock';
import { quietLog } from '@backendai-e2e/tools/envtest/doubles/quiet-log';
import { expect } from 'chai';
import { type Change, Informer } from './informer.ts';
import { createMetrics } from './metrics.ts';

const PODS: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };

function pod(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  return { metadata: { namespace: 'ns', name, uid, resourceVersion } };
}

type Line = WatchEvent<KubeObject> | Error | 'end';

/** An API server by script: what a list gives, and a watch that the test feeds. */
class Script {
  lists: (KubeObject[] | Error)[] = [];
  listed = 0;
  readonly watchedFrom: string[] = [];
  #feed: ((line: Line) => void) | undefined;

  readonly client = {
    list: async (_resource: Resource, _query: object, { keep }: ListOptions<KubeObject>) => {
      const next = this.lists[Math.min(this.listed++, this.lists.length - 1)] ?? [];
      if (next instanceof Error) throw next;
      const items = keep ? next.flatMap((object) => keep(object) ?? []) : next;
      return { items, resourceVersion: `list-${this.listed}` } satisfies ObjectList<KubeObject>;
    },
    watch: (_resource: Resource, query: { resourceVersion: string }, signal: AbortSignal) => {
      this.watchedFrom.push(query.resourceVersion);
      return this.#lines(signal);
    },
    // The script knows one type of object, where the client is generic.
  } as unknown as Pick<KubeClient, 'list' | 'watch'>;

  send(line: Line): void {
    if (!this.#feed) throw new Error('nobody watches');
    this.#feed(line);
  }

  async *#lines(signal: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>, void> {
    const queue: Line[] = [];
    let wake = () => {};
    this.#feed = (line) => {
      queue.push(line);
      wake();
    };
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      const line = queue.shift();
      if (line === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (line instanceof Error) throw line;
      else if (line === 'end') return;
      else yield line;
    }
  }
}

describe('the informer', () => {
  let clock: FakeClock;
  let script: Script;
  let informer: Informer<KubeObject>;
  let stop: AbortController;
  let told: string[];
  let running: Promise<void>;
  const metrics = createMetrics();

  const say = (change: Change<KubeObject>) => told.push(`${change.type} ${change.name.name}`);

  async function start(lists: (KubeObject[] | Error)[]): Promise<void> {
    script.lists = lists;
    running = informer.run(stop.signal);
    await clock.advance(0);
  }

  async function lists(reason: string): Promise<number> {
    const { values } = await metrics.informerRelists.get();
    return values.find((value) => value.labels.reason === reason)?.value ?? 0;
  }

  beforeEach(() => {
    metrics.registry.resetMetrics();
    clock = new FakeClock();
    script = new Script();
    stop = new AbortController();
    told = [];
    informer = new Informer({ client: script.client, resource: PODS, log: quietLog(), metrics, clock });
    informer.onChange(say);
  });

  afterEach(async () => {
    stop.abort();
    await running;
    expect(clock.pending, 'timers left').to.equal(0);
  });

  it('lists, reports the existing objects, and watches from there', async () => {
    await start([[pod('a', '1'), pod('b', '2')]]);
    expect(informer.hasSynced).to.equal(true);
    expect(script.watchedFrom).to.deep.equal(['list-1']);
    script.send({ type: 'ADDED', object: pod('c', '3') });
    script.send({ type: 'MODIFIED', object: pod('a', '4') });
    script.send({ type: 'MODIFIED', object: pod('a', '4') });
    script.send({ type: 'DELETED', object: pod('b', '5') });
    await clock.advance(0);
    expect(told).to.deep.equal(['added a', 'added b', 'added c', 'updated a', 'deleted b']);
    expect(informer.list().map((object) => object.metadata.name)).to.deep.equal(['a', 'c']);
    expect(informer.get({ namespace: 'ns', name: 'a' })?.metadata.resourceVersion).to.equal('4');
  });

  it('continues from the last bookmark when the server ends the watch', async () => {
    await start([[]]);
    script.send({ type: 'BOOKMARK', object: pod('', '77') });
    script.send('end');
    await clock.advance(0);
    expect(script.watchedFrom).to.deep.equal(['list-1', '77']);
    expect(script.listed).to.equal(1);
  });

  it('relists on 410 and reports what it missed, replaced objects included', async () => {
    await start([
      [pod('a', '1'), pod('b', '2'), pod('c', '3')],
      [pod('a', '1'), pod('b', '9'), pod('c', '8', 'another'), pod('d', '7')],
    ]);
    told = [];
    script.send(new ApiError({ what: 'watch', code: 410, reason: 'Expired', message: 'too old' }));
    await clock.advance(0);
    expect(told).to.deep.equal(['updated b', 'deleted c', 'added c', 'added d']);
    expect(script.watchedFrom).to.deep.equal(['list-1', 'list-2']);
    expect(await lists('gone')).to.equal(1);
  });

  it('waits after an error of the watch, and continues from the same version', async () => {
    await start([[]]);
    script.send({ type: 'ADDED', object: pod('a', '5') });
    script.send(new Error('connection reset'));
    await clock.advance(400);
    expect(script.watchedFrom).to.have.length(1);
    await clock.advance(400);
    expect(script.watchedFrom).to.deep.equal(['list-1', '5']);
  });

  it('retries the list, and reports the last error to waiters', async () => {
    const refused = new ApiError({ what: 'list pods', code: 403, reason: 'Forbidden', message: 'no rights' });
    await start([refused, refused, [pod('a', '1')]]);
    const waited = informer.waitForSync(600).catch((error: unknown) => String(error));
    await clock.advance(600);
    expect(await waited).to.match(/No list of pods within 0.6 s; last: list pods: Forbidden .*no rights/);
    expect(informer.hasSynced).to.equal(false);
    const synced = informer.waitForSync(60_000);
    await clock.advance(5_000);
    await synced;
    expect(told).to.deep.equal(['added a']);
  });

  it('closes a silent watch and relists', async () => {
    await start([[], [pod('a', '1')]]);
    await clock.advance(149_000);
    script.send({ type: 'BOOKMARK', object: pod('', '2') });
    await clock.advance(149_000);
    expect(script.listed).to.equal(1);
    await clock.advance(2_000);
    expect(told).to.deep.equal(['added a']);
    expect(await lists('silence')).to.equal(1);
  });

  it('relists periodically while the watch works', async () => {
    await start([[pod('a', '1')], []]);
    for (let minute = 0; minute < 12; minute++) {
      script.send({ type: 'BOOKMARK', object: pod('', `${10 + minute}`) });
      await clock.advance(60_000);
    }
    expect(told).to.deep.equal(['added a', 'deleted a']);
    expect(await lists('periodic')).to.equal(1);
  });

  it('does not cache what its transform drops; handlers see it as deleted or absent', async () => {
    const ended = new Set(['over']);
    informer = new Informer({
      client: script.client,
      resource: PODS,
      transform: (object) => (ended.has(object.metadata.name) ? undefined : object),
      log: quietLog(),
      metrics,
      clock,
    });
    informer.onChange(say);
    await start([
      [pod('over', '1'), pod('a', '2')],
      [pod('over', '1'), pod('a', '4'), pod('b', '5')],
    ]);
    expect(told).to.deep.equal(['added a']);
    ended.add('a');
    script.send({ type: 'MODIFIED', object: pod('a', '4') });
    script.send({ type: 'MODIFIED', object: pod('a', '5') });
    script.send({ type: 'DELETED', object: pod('over', '6') });
    await clock.advance(0);
    expect(told).to.deep.equal(['added a', 'deleted a']);
    script.send(new ApiError({ what: 'watch', code: 410, reason: 'Expired', message: 'too old' }));
    await clock.advance(0);
    expect(informer.list().map(({ metadata }) => metadata.name)).to.deep.equal(['b']);
    expect((await metrics.informerObjects.get()).values[0]?.value).to.equal(1);
  });

  it('forgets an object without a change until the object changes', async () => {
    await start([[pod('a', '1')]]);
    informer.forget({ namespace: 'ns', name: 'a' });
    informer.forget({ namespace: 'ns', name: 'nobody' });
    expect(informer.list()).to.deep.equal([]);
    expect((await metrics.informerObjects.get()).values[0]?.value).to.equal(0);
    script.send({ type: 'MODIFIED', object: pod('a', '2') });
    await clock.advance(0);
    expect(told).to.deep.equal(['added a', 'added a']);
    informer.forget({ namespace: 'ns', name: 'a' });
    script.send({ type: 'DELETED', object: pod('a', '3') });
    await clock.advance(0);
    expect(told).to.deep.equal(['added a', 'added a']);
  });

  it('survives a handler that throws, and calls the others', async () => {
    const later: string[] = [];
    informer.onChange(() => {
      throw new Error('a bug');
    });
    informer.onChange((change) => later.push(change.type));
    await start([[pod('a', '1')]]);
    script.send({ type: 'DELETED', object: pod('a', '2') });
    await clock.advance(0);
    expect(later).to.deep.equal(['added', 'deleted']);
    expect((await metrics.informerHandlerErrors.get()).values[0]?.value).to.equal(2);
  });

  it('reports existing objects to a late handler, and nothing to a removed one', async () => {
    await start([[pod('a', '1')]]);
    const late: string[] = [];
    const remove = informer.onChange((change) => late.push(`${change.type} ${change.name.name}`));
    remove();
    script.send({ type: 'ADDED', object: pod('b', '2') });
    await clock.advance(0);
    expect(late).to.deep.equal(['added a']);
  });
});
