import { expect } from 'chai';
import { differences, fateOf, tableLines } from './schema.ts';

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

describe('two schemas', () => {
  const tables = { users: { id: false, name: true }, groups: { id: false } };

  it('are told apart by tables, columns and whether they may be null', () => {
    const found = { users: { id: false, name: false }, more: { id: false } };
    expect(
      differences(
        { name: 'models', lines: tableLines(tables) },
        { name: 'database', lines: tableLines(found) },
      ),
    ).to.deep.equal([
      'models: users.name null',
      'models: table groups',
      'models: groups.id not null',
      'database: users.name not null',
      'database: table more',
      'database: more.id not null',
    ]);
  });

  it('are the same in whatever order they are listed', () => {
    const [one, other] = [tableLines(tables), tableLines(tables).reverse()];
    expect(differences({ name: 'a', lines: one }, { name: 'b', lines: other })).to.deep.equal([]);
  });
});
