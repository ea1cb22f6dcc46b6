import { expect } from 'chai';
import { GraphQl } from '../clients/manager/graphql-v2.ts';
import { Browser } from '../clients/web/browser.ts';
import { useWorld } from '../fixtures/world.ts';

/** More aliases than a query may have (MAX_ALIAS_COUNT in ai.backend.manager.api.gql.schema). */
const MANY = 60;
/** Deeper than a query may be (MAX_QUERY_DEPTH): each step to a project of the domain has four levels. */
const STEPS = 20;
/** Queries at a time, and how often. */
const AT_ONCE = 30;
const ROUNDS = 3;

const aliased = (field: string): string =>
  Array.from({ length: MANY }, (_, index) => `a${index}: ${field}`).join(' ');
const deep = (steps: number): string =>
  steps === 0 ? 'id' : `domain { projects(first: 1) { edges { node { ${deep(steps - 1)} } } } }`;

/** Queries that a user may send, and some that ask for too much. */
const QUERIES = {
  'a plain one': '{ adminProjectsV2(first: 1) { edges { node { id } } } }',
  'names of types': `{ ${aliased('__typename')} }`,
  'many aliases': `{ adminProjectsV2(first: 1) { edges { node { ${aliased('id')} } } } }`,
  'a deep one': `{ adminProjectsV2(first: 1) { edges { node { ${deep(STEPS)} } } } }`,
  'an unknown field': '{ adminProjectsV2(first: 1) { edges { node { noSuchField } } } }',
} as const;
type Query = keyof typeof QUERIES;
const NAMES = Object.keys(QUERIES) as Query[];

describe('a query of the GraphQL API', function () {
  this.timeout(120_000);
  const world = useWorld(['manager', 'postgres', 'webserver']);

  /** What the server says to a query: its errors, or that it answers. */
  const verdict = async (api: GraphQl, name: Query): Promise<string> => {
    const { data, errors } = await api.ask(QUERIES[name]);
    if (errors.length > 0) return errors.map(({ message }) => message).join('; ');
    return data === null ? 'no data' : 'answered';
  };
  const verdicts = async (api: GraphQl): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const name of NAMES) found[name] = await verdict(api, name);
    return found;
  };

  it('is answered when it asks for names of types only, however often', async () => {
    const { admin, user } = world();
    for (const account of [admin, user]) {
      expect(await verdict(new GraphQl(account.api, 2), 'names of types')).to.equal('answered');
    }
  });

  it('is answered through the webserver as by the manager', async () => {
    const { connection, admin, afterTest } = world();
    const browser = new Browser(connection.webserver.url);
    const { email, password } = connection.accounts.admin;
    await browser.login(email, password);
    afterTest.add('the login', () => browser.logout());
    const direct = await verdicts(new GraphQl(admin.api, 2));
    expect(direct).to.include({ 'a plain one': 'answered' });
    expect(await verdicts(new GraphQl(browser.manager, 2))).to.deep.equal(direct);
  });

  it('is judged beside others as it is alone', async () => {
    const api = new GraphQl(world().admin.api, 2);
    const alone = await verdicts(api);
    const different = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const sent = Array.from({ length: AT_ONCE }, (_, index) => NAMES[index % NAMES.length] as Query);
      const answers = await Promise.all(sent.map((name) => verdict(api, name)));
      for (const [index, name] of sent.entries()) {
        if (answers[index] !== alone[name]) different.add(`${name}: ${answers[index]}, alone ${alone[name]}`);
      }
    }
    expect([...different], 'other verdicts').to.deep.equal([]);
  });
});
