import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import { expect } from 'chai';
import type { Holding } from '../assertions/holding.ts';
import { isLeft, KINDS } from '../assertions/inventory.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { notYet, WaitTimeout, waitUntil } from '../evidence/waiting.ts';
import { useWorld } from '../fixtures/world.ts';

/** Seconds for things that are still being removed when the audit begins, for all kinds together. */
const GOING_SECONDS = 60;

/**
 * Runs when every other suite of the run has ended. A suite has left whatever was created since the start of the run
 * and still exists. The age of a thing decides, so no list must be kept during the run. Things without an age are
 * recognized by the names that suites give.
 */
describe('leak audit', function () {
  this.timeout((GOING_SECONDS + 30) * 1000);
  const world = useWorld(['manager', 'postgres', 'valkey', 'etcd', 'observer']);
  let since: Date;
  let patienceUntil = 0;

  before('the start of the run is known', () => {
    const text = process.env[RUNNER_ENV.since];
    if (!text) throw new Inconclusive(`${RUNNER_ENV.since} is not set, so the start of the run is unknown`);
    since = new Date(text);
    patienceUntil = performance.now() + GOING_SECONDS * 1000;
    console.log(`what is there now, and how much of it came after the run began at ${since.toISOString()}:`);
  });

  for (const kind of KINDS) {
    it(`no ${kind.what} are left`, async () => {
      let all: Holding[] = [];
      const look = async () => {
        all = await kind.find(world());
        const left = all.filter((holding) => isLeft(holding, since));
        return left.length === 0 ? left : notYet(left.map(inWords));
      };
      try {
        await waitUntil(`the last ${kind.what} to go`, look, {
          deadlineSeconds: Math.max(0, (patienceUntil - performance.now()) / 1000),
          everyMs: 1_000,
        });
      } catch (error) {
        if (!(error instanceof WaitTimeout)) throw error;
      }
      const left = all.filter((holding) => isLeft(holding, since)).map(inWords);
      console.log(`  ${kind.what}: ${all.length}, of the run: ${left.length}`);
      measure(`left: ${kind.what}`, left.length, 'things');
      expect(left, `${kind.what} that the run left behind`).to.deep.equal([]);
    });
  }
});

function inWords({ name, at }: Holding): string {
  return at ? `${name} (since ${at.toISOString()})` : name;
}
