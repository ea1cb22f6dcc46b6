import { expect } from 'chai';
import { waitsBecause } from '../assertions/waiting-session.ts';
import { ResourceLimits } from '../fixtures/administration/resource-limits.ts';
import { SMALL, useWorld } from '../fixtures/world.ts';

const TIB = 1024 ** 4;
/** Far above what any session of another suite needs, so that no other suite meets the limit. */
const LIMIT = { mem: String(TIB) };
/** More than the limit. No agent has so much either, but the scheduler looks at limits first. */
const WANTED = { cpu: 1, mem: '2048g' };

describe('limits that an administrator sets for many users', function () {
  this.timeout(150_000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);

  for (const scope of ['project', 'domain'] as const) {
    it(`keep a session waiting that needs more memory than the ${scope} has, and name the ${scope}`, async () => {
      const { user, afterTest, database } = world();
      const limits = new ResourceLimits(world());
      const wanted = () => world().smallSession({ config: { ...SMALL, resources: WANTED } });
      await limits.limit(scope, LIMIT, afterTest);
      const { sessionId } = await world().enqueue(wanted(), afterTest);
      await waitsBecause(world(), user, sessionId, new RegExp(`${scope}.*mem.*limit ${TIB}`, 'is'));
      const fits = await world().startSession(afterTest);
      expect(
        (await database.session(fits.id))?.status,
        `a session within the limit of the ${scope}`,
      ).to.equal('RUNNING');
    });
  }
});
