import { expect } from 'chai';
import { idsIn, lastingKeys } from './inventory-keys.ts';

const ID = '3657fb78-c57b-4d8f-afea-3e2e59b6aabd';

describe('the ids in a key of Valkey', () => {
  for (const [key, ids] of [
    [ID, [ID]],
    [`session.${ID}.last_access`, [ID]],
    [`tus.upload.offset:${ID.replaceAll('-', '')}`, [ID]],
    [`${ID}:ttyd:${ID}`, [ID, ID]],
    ['agent.last_seen', []],
    ['leader:sokovan:scheduler', []],
    // A longer number is no id.
    [`image:${'a'.repeat(64)}`, []],
  ] as const) {
    it(`of ${key} are ${ids.length}`, () => expect(idsIn(key)).to.deep.equal(ids));
  }
});

describe('keys of single things that never expire', () => {
  const now = new Date('2026-01-01T12:00:00Z');
  const created = new Date('2026-01-01T09:00:00Z');
  const key = (more: object) => ({ name: 'live: k', ids: [ID], expiresMs: -1, idleSeconds: 60, ...more });

  it('are as old as the thing', () => {
    expect(lastingKeys([key({})], new Map([[ID, created]]), now)).to.deep.equal([
      { name: 'live: k', at: created },
    ]);
  });
  it('are as old as their last use when no table has the id', () => {
    const [found] = lastingKeys([key({})], new Map(), now);
    expect(found?.at).to.deep.equal(new Date('2026-01-01T11:59:00Z'));
  });
  it('are not those that expire, or that went meanwhile', () => {
    expect(lastingKeys([key({ expiresMs: 5 }), key({ expiresMs: -2 })], new Map(), now)).to.deep.equal([]);
  });
});
