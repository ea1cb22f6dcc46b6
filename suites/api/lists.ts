import { expect } from 'chai';
import { FOREIGN_CURSORS, isWrong, NO_CURSORS, OLDER_LISTS, WRONG } from '../assertions/broken-cursors.ts';
import { cursorFaults, ListError, pagingFaults, readPage, titleOf } from '../assertions/pages.ts';
import type { ListField } from '../clients/manager/graphql-schema.ts';
import { GraphQl, isInternal } from '../clients/manager/graphql-v2.ts';
import { useWorld } from '../fixtures/world.ts';

/** Lists that are asked for at a time. */
const AT_ONCE = 4;
/** Rows of a list that are read page by page. */
const ROWS = 40;
/** Rows in an order of its own: each order costs as many requests. */
const ORDERED_ROWS = 12;

/** Rows of a list that are looked up by their id until one is found. */
const LOOKED_UP = 5;

describe('the lists of the GraphQL API', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres']);
  let v2: GraphQl;
  let lists: ListField[];

  before('the schema is read', async () => {
    v2 = new GraphQl(world().admin.api, 2);
    lists = await v2.lists();
    expect(lists.length, 'lists in the schema').to.be.greaterThan(30);
  });

  /** What `look` finds in the lists, in their order. */
  const inAll = async (look: (list: ListField) => Promise<string[]>): Promise<string[]> => {
    const found: string[] = [];
    for (let from = 0; from < lists.length; from += AT_ONCE) {
      found.push(...(await Promise.all(lists.slice(from, from + AT_ONCE).map(look))).flat());
    }
    return found;
  };

  it('answer an administrator', async () => {
    const refused = await inAll(async (list) =>
      readPage(v2, list, { first: 2 }).then(
        () => [],
        (error: unknown) => [String(error)],
      ),
    );
    expect(refused).to.deep.equal([]);
  });

  it('refuse a text that is no cursor, as a fault of the request', async () => {
    const wrong = await inAll(async (list) =>
      isWrong(WRONG.anyCursor, list.name) ? [] : cursorFaults(v2, list, NO_CURSORS),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('answer a cursor of no row without an internal error', async () => {
    const wrong = await inAll(async (list) => {
      const found: string[] = [];
      for (const after of FOREIGN_CURSORS) {
        const answer = await readPage(v2, list, { first: 2, after }).catch((error: unknown) => error);
        if (answer instanceof ListError ? answer.internal : answer instanceof Error)
          found.push(String(answer));
      }
      return found;
    });
    expect(wrong).to.deep.equal([]);
  });

  it('have every row on one page', async () => {
    const wrong = await inAll(async (list) =>
      isWrong(WRONG.ownCursor, list.name) ? [] : pagingFaults(v2, list, ROWS),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('have every row on one page in each order', async () => {
    const wrong = await inAll(async (list) => {
      const found: string[] = [];
      if (isWrong([...WRONG.ownCursor, ...WRONG.unsorted], list.name)) return [];
      for (const field of list.orders) {
        const ordered = { name: list.name, arguments: `orderBy: [{field: ${field}}]` };
        found.push(
          ...(await pagingFaults(v2, ordered, ORDERED_ROWS, 2).catch((error: unknown) => [String(error)])),
        );
      }
      return found;
    });
    expect(wrong).to.deep.equal([]);
  });

  it('have rows that are found by their id', async () => {
    const wrong = await inAll(async (list) => {
      if (isWrong(WRONG.notById, list.node)) return [];
      // One of them may be gone meanwhile, or in the trash.
      const { ids } = await readPage(v2, list, { first: LOOKED_UP });
      let why = '';
      for (const id of ids) {
        const { data, errors } = await v2.ask<{ node: { id: string } | null }>(
          'query ($id: ID!) { node(id: $id) { id } }',
          { id },
        );
        if (data?.node?.id === id) return [];
        why = errors.map(({ message }) => message).join('; ');
      }
      return ids.length === 0 ? [] : [`${titleOf(list)}: ${list.node} is not found by its id: ${why}`];
    });
    expect(wrong).to.deep.equal([]);
  });

  it('leave out each of several names that a filter excludes', async () => {
    const { user, user2 } = world().connection.accounts;
    const [one, other] = [user.email, user2.email].map((email) => `{email: {equals: "${email}"}}`);
    const all = (await readPage(v2, { name: 'adminUsersV2' }, { first: 100 })).ids;
    const list = { name: 'adminUsersV2', arguments: `filter: {NOT: [${one}, ${other}]}` };
    const rest = (await readPage(v2, list, { first: 100 })).ids;
    const chosen = { name: 'adminUsersV2', arguments: `filter: {OR: [${one}, ${other}]}` };
    const excluded = (await readPage(v2, chosen, { first: 100 })).ids;
    expect(excluded).to.have.lengthOf(2);
    expect(rest.filter((id) => excluded.includes(id))).to.deep.equal([]);
    expect(all.length).to.be.greaterThan(0);
  });

  it('refuse an id that is none, as a fault of the request', async () => {
    const ids = [
      'x',
      "' OR '1'='1",
      ...['VFolder:x', 'ModelDeployment:x'].map((text) => Buffer.from(text).toString('base64')),
    ];
    const fields = ['deployment', 'imageV2', 'artifact', 'replica', 'revision'];
    const wrong: string[] = [];
    for (const field of fields) {
      for (const id of ids) {
        const { data, errors } = await v2.ask(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id });
        if (errors.length === 0 && data?.[field]) wrong.push(`${field} answers ${id}`);
        wrong.push(...errors.filter(isInternal).map(({ message }) => `${field} of ${id}: ${message}`));
      }
    }
    expect(wrong).to.deep.equal([]);
  });
});

describe('the lists of the older GraphQL API', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres']);

  for (const name of OLDER_LISTS) {
    it(`${name} have every row on one page`, async () => {
      const v1 = new GraphQl(world().admin.api, 1);
      expect(await pagingFaults(v1, { name }, ROWS)).to.deep.equal([]);
    });
  }

  it('show the users of a project', async () => {
    const v1 = new GraphQl(world().admin.api, 1);
    const { group_nodes: projects } = await v1.data<{ group_nodes: { edges: { node: { id: string } }[] } }>(
      '{ group_nodes(first: 1) { edges { node { id } } } }',
    );
    const id = projects.edges[0]?.node.id;
    const { group_node: project } = await v1.data<{ group_node: { user_nodes: { edges: object[] } } }>(
      'query ($id: String!) { group_node(id: $id) { user_nodes(first: 2) { edges { node { id } } } } }',
      { id },
    );
    expect(project.user_nodes.edges).to.be.an('array');
  });
});
