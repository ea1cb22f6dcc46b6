import { expect } from 'chai';
import { fateOf } from './schema.ts';

describe('the fate of rows', () => {
  const users = {
    '{"id":1}': { id: 1, name: 'a', role: 'user' },
    '{"id":2}': { id: 2, name: 'b', role: 'user' },
  };

  it('is nothing where all is kept, whatever was added', () => {
    const after = {
      users: { ...users, '{"id":1}': { ...users['{"id":1}'], key: 7 }, '{"id":3}': { id: 3 } },
      more: { '{"id":1}': { id: 1 } },
    };
    expect(fateOf({ users }, after)).to.deep.equal({ tables: [], rows: [], columns: [], values: [] });
  });

  it('names tables, rows, columns and values that are not what they were', () => {
    const after = { users: { '{"id":1}': { id: 1, name: 'z' } } };
    expect(fateOf({ users, gone: { '{"id":1}': { id: 1 } } }, after)).to.deep.equal({
      tables: ['gone'],
      rows: ['users {"id":2}'],
      columns: ['users.role'],
      values: ['users.name {"id":1}: "a" -> "z"'],
    });
  });
});
