import { condition, testRun } from '@backendai-e2e/api/object-fixtures';
import { RUN_ANNOTATIONS, type TestRun, type TestRunStatus } from '@backendai-e2e/api/test-run';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import fc from 'fast-check';
import { planRun } from './plan.ts';
import { later, START, world } from './plan-fixtures.ts';
import { mustWait, placeOf } from './queue.ts';

const STARTED: TestRunStatus = { startedAt: START.toISOString() };

/** The run of a user, created a number of seconds after START. */
function of(
  user: string,
  name: string,
  second: number,
  status?: TestRunStatus,
  environment = 'e2e',
): TestRun {
  const annotations = user === '' ? {} : { [RUN_ANNOTATIONS.user]: user };
  return testRun(name, {
    metadata: { uid: name, creationTimestamp: later(second).toISOString(), annotations },
    spec: { environmentRef: { name: environment } },
    status,
  });
}
const names = (runs: readonly TestRun[]) => runs.map(({ metadata }) => metadata.name);
const endedNow = { conditions: [condition('Succeeded', 'True', 'AllPassed')] };

/**
 * Plays the operator and its runs: it looks at each waiting run in a round, then one started run ends. Returns the order of the
 * starts. Throws an Error when nothing can go on.
 * @param shift where the first look of each round begins
 */
function playedOut(runs: readonly TestRun[], perUser?: number, shift = 0): string[] {
  let open = [...runs];
  const order: string[] = [];
  for (let round = 0; order.length < runs.length; round += 1) {
    const before = order.length;
    const waiting = open
      .filter(({ status }) => status?.startedAt === undefined)
      .map(({ metadata }) => metadata.name);
    const first = waiting.length === 0 ? 0 : (round * shift) % waiting.length;
    for (const name of [...waiting.slice(first), ...waiting.slice(0, first)]) {
      const subject = open.find(({ metadata }) => metadata.name === name);
      if (!subject) continue;
      const place = placeOf(subject, open, perUser);
      const starts = !mustWait(place);
      if (starts) order.push(name);
      const status = { turn: place.turn, ...(starts ? STARTED : {}) };
      open = open.map((run) => (run === subject ? { ...run, status } : run));
    }
    const ends = open.find(({ status }) => status?.startedAt !== undefined);
    if (!ends && order.length === before) throw new Error(`nothing starts after ${order.join(', ')}`);
    open = open.filter((run) => run !== ends);
  }
  return order;
}

describe('the queue of runs', () => {
  it('lets users take turns, however many runs one of them has', () => {
    const flood = Array.from({ length: 20 }, (_, index) => of('mallory', `flood-${10 + index}`, index));
    const others = [of('bob', 'bob-1', 100), of('bob', 'bob-2', 101), of('eve', 'eve-1', 102)];
    const order = playedOut([...flood, ...others]);
    expect(order.slice(0, 8).join(' ')).to.equal(
      'flood-10 flood-11 bob-1 eve-1 flood-12 bob-2 flood-13 flood-14',
    );
  });

  it('keeps a run that came while others wait before their next turns, after their ends and deletions', () => {
    // The flood's first three ended and are gone; the rest was given its turns before bob came.
    const flood = Array.from({ length: 5 }, (_, index) =>
      of('mallory', `flood-${index}`, index, { turn: 4 + index }),
    );
    const bob = of('bob', 'bob', 100);
    expect(placeOf(bob, flood).turn).to.equal(4);
    expect(names(placeOf(bob, flood).ahead)).to.deep.equal(['flood-0']);
    const fresh = of('mallory', 'fresh', 101);
    expect(placeOf(fresh, [...flood, bob]).turn).to.equal(9);
  });

  it('follows the creation for one user, whichever run is looked at first', () => {
    const [first, second] = [of('bob', 'zzz', 1), of('bob', 'aaa', 2)];
    const place = placeOf(second, [first]);
    expect(names(place.ahead)).to.deep.equal(['zzz']);
    const stored = { ...second, status: { turn: place.turn } };
    expect(placeOf(first, [stored]).ahead).to.deep.equal([]);
  });

  it('treats runs without a user as those of one user', () => {
    const runs = [of('', 'a', 1), of('', 'b', 2), of('', 'c', 3), of('bob', 'd', 4)];
    expect(playedOut(runs)).to.deep.equal(['a', 'b', 'd', 'c']);
  });

  it('holds a run whose user has as many started runs as allowed, and lets others of its environment pass', () => {
    const started = [of('mallory', 'm1', 1, STARTED, 'one'), of('mallory', 'm2', 2, STARTED, 'two')];
    const held = of('mallory', 'm3', 3, { turn: 3 }, 'three');
    const place = placeOf(held, started, 2);
    expect(names(place.ofUser)).to.deep.equal(['m1', 'm2']);
    expect(placeOf(held, started, 3)).to.deep.include({ ahead: [], ofUser: [] });
    expect(mustWait(placeOf(of('bob', 'b', 4, undefined, 'three'), [...started, held], 2))).to.equal(false);
    const late = of('bob', 'b', 4, { turn: 9 }, 'three');
    expect(names(placeOf(late, [...started, held], 3).ahead)).to.deep.equal(['m3']);
  });

  it('says in the condition what a held run waits for', () => {
    const others = [of('bob', 'b1', -9, STARTED, 'other')];
    const run = of('bob', 'b2', 0, undefined, 'env');
    const plan = planRun(world({ run, others, runsPerUser: 1 }));
    expect(plan.status).to.include({ phase: 'Queued', turn: 2 });
    expect(plan.status.conditions?.find(({ type }) => type === 'Queued')).to.deep.include({
      reason: 'UserBusy',
      message: 'waits for b1: at most 1 runs of a user, here bob, go on at once',
    });
    const free = planRun(world({ run, others: [of('bob', 'b1', -9, endedNow, 'other')], runsPerUser: 1 }));
    expect(free.status.startedAt).not.to.equal(undefined);
  });

  it('looks again soon at a run that waits only for runs that could start', () => {
    const ahead = of('bob', 'b1', -9, undefined, 'env');
    expect(
      planRun(world({ run: of('bob', 'b2', 0, undefined, 'env'), others: [ahead] })).requeueAfterMs,
    ).to.equal(5_000);
    const started = { ...ahead, status: STARTED };
    const plan = planRun(world({ run: of('bob', 'b2', 0, undefined, 'env'), others: [started] }));
    expect(plan.requeueAfterMs).to.equal(undefined);
  });

  it('ends for every run, whatever its users, environments and order', function () {
    this.timeout(LAST_RESORT_MS);
    const run = fc.record({
      user: fc.constantFrom('', 'bob', 'eve', 'mallory'),
      second: fc.nat(5),
      first: fc.constantFrom('one', 'two', 'three'),
      second2: fc.option(fc.constantFrom('one', 'two', 'three')),
    });
    const runs = fc.array(run, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(runs, fc.option(fc.integer({ min: 1, max: 2 })), fc.nat(7), (asked, perUser, turn) => {
        const made = asked.map(({ user, second, first, second2 }, index) => {
          const one = of(user, `r${index}`, second, undefined, first);
          const more =
            second2 !== null && second2 !== first ? { moreEnvironmentRefs: [{ name: second2 }] } : {};
          return { ...one, spec: { ...one.spec, ...more } };
        });
        const order = playedOut(made, perUser ?? undefined, turn);
        expect(new Set(order).size).to.equal(made.length);
        // Without a limit, no run passes an earlier one of its user in the same environments.
        if (perUser !== null) return;
        for (const later of made) {
          const earlier = made.filter(
            (each) =>
              each.metadata.annotations?.[RUN_ANNOTATIONS.user] ===
                later.metadata.annotations?.[RUN_ANNOTATIONS.user] &&
              JSON.stringify(each.spec) === JSON.stringify(later.spec) &&
              (each.metadata.creationTimestamp ?? '') < (later.metadata.creationTimestamp ?? ''),
          );
          for (const each of earlier)
            expect(order.indexOf(each.metadata.name)).to.be.lessThan(order.indexOf(later.metadata.name));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
