import { expect } from 'chai';
import { cursorOf, found, type Search, searchFaults } from '../assertions/searches.ts';
import { BackendApiError } from '../clients/http/api.ts';
import type { CleanupStack } from '../fixtures/cleanup-stack.ts';
import { useWorld } from '../fixtures/world.ts';

/** Searches of an administrator in the REST API that have cursors, and rows in every deployment. */
const SEARCHES: readonly Search[] = [
  { path: '/v2/login-client-types/search' },
  { path: '/v2/images/search' },
  { path: '/v2/projects/search' },
  { path: '/v2/resource-presets/search' },
  { path: '/v2/sessions/search' },
  { path: '/v2/vfolders/search' },
  { path: '/v2/audit-logs/search' },
];
/** Rows of a search that are read page by page. */
const ROWS = 40;
const NO_ID = '00000000-0000-4000-8000-000000000000';

describe('a search of the REST API', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres']);

  const makeClientTypes = async (count: number, cleanup: CleanupStack): Promise<void> => {
    const { api } = world().admin;
    const path = '/v2/login-client-types';
    for (let made = 0; made < count; made++) {
      const name = world().name('client');
      cleanup.add(`type of clients ${name}`, async () => {
        const types = await api.json<{ items: { id: string; name: string }[] }>({
          method: 'POST',
          path: `${path}/search`,
          json: { first: 100 },
        });
        for (const { id } of types.items.filter((type) => type.name === name)) {
          await api.request({ method: 'DELETE', path: `${path}/${id}` });
        }
      });
      await api.request({ method: 'POST', path: `${path}/`, json: { name } });
    }
  };

  before('there are some types of clients', async () => {
    await makeClientTypes(3, world().afterSuite);
  });

  for (const search of SEARCHES) {
    it(`${search.path} has every row on one page`, async () => {
      expect(await searchFaults(world().admin.api, search, ROWS)).to.deep.equal([]);
    });
  }

  it('is refused with two ways of paging at once', async () => {
    const { api } = world().admin;
    for (const search of SEARCHES) {
      const both = { first: 1, after: cursorOf(NO_ID), limit: 1, offset: 0 };
      const answer = await found(api, search, both).catch((error: unknown) => error);
      expect(answer, search.path).to.be.instanceOf(BackendApiError);
      expect(answer, search.path).to.include({ status: 400 });
    }
  });
});
