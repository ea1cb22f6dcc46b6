import { expect } from 'chai';
import type { World } from '../fixtures/world.ts';
import { rowsOf } from './holding.ts';

/** A deployment of a release whose database has no table. */
function without(version: string): World {
  return { connection: { version }, database: { rows: () => Promise.resolve([]) } } as unknown as World;
}

describe('rows of tables that not every release has', () => {
  const find = rowsOf(['roles.scope_id'], 'SELECT 1');

  it('are none in an earlier release', async () => {
    expect(await find(without('26.8.3'))).to.deep.equal([]);
  });

  it('cannot be missing in a release that must have them', async () => {
    let error: unknown;
    await find(without('26.9.6')).catch((thrown: unknown) => {
      error = thrown;
    });
    expect(String(error)).to.contain('the database has no roles.scope_id');
  });
});
