import { expect } from 'chai';
import type { KubeObject } from './objects/object.ts';
import { observe, type Watcher } from './observe.ts';
import { ApiError, isUnreachable } from './requests/api-error.ts';
import type { WatchEvent } from './requests/calls.ts';

interface Thing extends KubeObject {
  value: number;
}
const failure = (code: number, reason: string, message: string) =>
  new ApiError({ what: 'get /things', code, reason, message });
const cut = (message: string) => failure(0, 'NoAnswer', message);
const thing = (name: string, value: number): Thing => ({ metadata: { name }, value });

/** A server that answers from two scripts: lists (or errors), and watches (events, then an error or a quiet end). */
function server(
  lists: (Thing[] | Error)[],
  watches: { events: WatchEvent<Thing>[]; error?: Error }[] = [],
): Watcher {
  return {
    get: async <T>() => {
      const next = lists.shift() ?? cut('script is over');
      if (next instanceof Error) throw next;
      return { metadata: { resourceVersion: '1' }, items: next } as T;
    },
    watch: async function* <T>(): AsyncGenerator<WatchEvent<T>> {
      const next = watches.shift() ?? { events: [] };
      for (const event of next.events) yield event as unknown as WatchEvent<T>;
      if (next.error) throw next.error;
    },
  };
}

async function seen(watcher: Watcher, count: number, patienceMs = 1_000): Promise<Record<string, number>[]> {
  const states: Record<string, number>[] = [];
  const signal = AbortSignal.timeout(5_000);
  for await (const state of observe<Thing>(watcher, '/things', {}, { signal, pauseMs: 1, patienceMs })) {
    states.push(Object.fromEntries([...state.values()].map((one) => [one.metadata.name, one.value])));
    if (states.length === count) break;
  }
  return states;
}

describe('following a collection', () => {
  it('begins with the list and applies each change', async () => {
    const events: WatchEvent<Thing>[] = [
      { type: 'ADDED', object: thing('b', 1) },
      { type: 'BOOKMARK', object: thing('', 0) },
      { type: 'MODIFIED', object: thing('a', 2) },
      { type: 'DELETED', object: thing('b', 1) },
    ];
    expect(await seen(server([[thing('a', 1)]], [{ events }]), 4)).to.deep.equal([
      { a: 1 },
      { a: 1, b: 1 },
      { a: 2, b: 1 },
      { a: 2 },
    ]);
  });

  it('sees a deletion that happened while the watch was cut', async () => {
    const lists = [[thing('a', 1), thing('b', 1)], cut('cut'), [thing('a', 2)]];
    const watches = [{ events: [], error: cut('reset') }];
    expect(await seen(server(lists, watches), 2)).to.deep.equal([{ a: 1, b: 1 }, { a: 2 }]);
  });

  it('lists again when its resourceVersion is too old', async () => {
    const watches = [{ events: [], error: failure(410, 'Expired', 'too old') }];
    expect(await seen(server([[thing('a', 1)], [thing('a', 2)]], watches), 2)).to.deep.equal([
      { a: 1 },
      { a: 2 },
    ]);
  });

  it('gives up on a refusal at once', async () => {
    const error = await seen(server([failure(403, 'Forbidden', 'may not')]), 1).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ApiError).with.property('detail', 'may not');
  });

  it('gives up on a server that stays away, with the last error', async () => {
    const error = await seen(server([]), 1, 20).catch((thrown: unknown) => thrown);
    expect(error).to.satisfy(isUnreachable);
    expect(String(error)).to.contain('/things').and.contain('script is over');
  });
});
