import { expect } from 'chai';
import { fieldsForAdministrators, listFields } from './graphql-schema.ts';

const SDL = `
schema @link(url: "x", import: ["@key"]) { query: Query }

type Query {
  """Added in 26.1.0. List users (all of them)"""
  adminUsers(filter: UserFilter = null, orderBy: [UserOrderBy!] = null, first: Int = null, after: String = null): UserConnection
  projectUsers(
    """Of this project"""
    scope: Scope!
    after: String = null
  ): UserConnection! @deprecated(reason: "Use users (scoped)")
  adminUser(id: ID!): User
  ping: String!
}

type User implements Node @key(fields: "id") {
  id: ID!
  name: String!
}

type UserConnection {
  pageInfo: PageInfo!
  edges: [UserEdge!]!
}

type UserEdge {
  cursor: String!
  node: User!
}

input UserOrderBy {
  field: UserOrderField!
  direction: OrderDirection! = ASC
}

enum UserOrderField {
  NAME
  PROJECT_NAME @deprecated(reason: "Many (projects)")
}
`;

describe('the lists of a GraphQL schema', () => {
  it('have arguments, items and orders', () => {
    expect(listFields(SDL)).to.deep.equal([
      {
        name: 'adminUsers',
        required: [],
        optional: ['filter', 'orderBy', 'first', 'after'],
        ...{ node: 'User', hasId: true, orders: ['NAME'] },
      },
      {
        name: 'projectUsers',
        required: ['scope'],
        optional: ['after'],
        node: 'User',
        hasId: true,
        orders: [],
      },
    ]);
  });
  it('differ from single records for administrators', () => {
    expect(fieldsForAdministrators(SDL)).to.deep.equal([
      { name: 'adminUsers', required: [] },
      { name: 'adminUser', required: ['id'] },
    ]);
  });
});
