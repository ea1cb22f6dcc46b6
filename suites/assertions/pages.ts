import { type GraphQl, isInternal } from '../clients/manager/graphql-v2.ts';

/** A list as the tests ask for it. */
export interface List {
  name: string;
  /** Arguments besides those of paging, for example "orderBy: [{field: NAME, direction: ASC}]". */
  arguments?: string;
}

/** What a page shows. */
export interface Page {
  ids: string[];
  cursors: { start: string | null; end: string | null };
  hasNext: boolean;
}

interface Connection {
  edges: ({ node: { id: string } | null } | null)[];
  pageInfo: { startCursor: string | null; endCursor: string | null; hasNextPage: boolean };
}

/** Characters of an answer in a phrase: a whole statement says no more. */
const SHOWN = 200;

/** How the server refused a list, or failed. */
export class ListError extends Error {
  override name = 'ListError';
  readonly internal: boolean;
  constructor(list: List, errors: { message: string; code: string }[]) {
    super(`${titleOf(list)}: ${errors.map(({ message, code }) => `${code} ${message}`).join('; ')}`);
    this.internal = errors.some(isInternal);
  }
}

/** The list for people: its name, and its arguments where it has some. */
export function titleOf({ name, arguments: more }: List): string {
  return more ? `${name} with ${more}` : name;
}

/** Asks for a page. @param paging for example {first: 2, after: "…"} @throws ListError */
export async function readPage(
  api: GraphQl,
  list: List,
  paging: Readonly<Record<string, string | number>>,
): Promise<Page> {
  const words = Object.entries(paging).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const args = [...words, ...(list.arguments ? [list.arguments] : [])].join(', ');
  const fields = 'edges { node { id } } pageInfo { startCursor endCursor hasNextPage }';
  const { data, errors } = await api.ask<Record<string, Connection | null>>(
    `{ ${list.name}(${args}) { ${fields} } }`,
  );
  if (errors.length > 0) throw new ListError(list, errors);
  const found = data?.[list.name];
  if (!found) throw new ListError(list, [{ message: 'no list in the answer', code: '' }]);
  return {
    ids: found.edges.map((edge) => edge?.node?.id ?? 'no node'),
    cursors: { start: found.pageInfo.startCursor, end: found.pageInfo.endCursor },
    hasNext: found.pageInfo.hasNextPage,
  };
}

/**
 * Reads a list page by page, and compares with the whole list before and after. Other suites may add and remove rows meanwhile.
 * @param most rows that are read
 * @param pages number of pages for them
 * @returns what is wrong, a phrase each
 */
export async function pagingFaults(api: GraphQl, list: List, most: number, pages = 4): Promise<string[]> {
  const before = (await readPage(api, list, { first: most })).ids;
  if (before.length < 3) return [];
  const size = Math.max(2, Math.ceil(before.length / pages));
  const seen: string[] = [];
  let after: string | null = null;
  for (let read = 0; seen.length < most && read < most; read++) {
    const page: Page = await readPage(api, list, { first: size, ...(after === null ? {} : { after }) });
    seen.push(...page.ids);
    after = page.cursors.end;
    if (!page.hasNext || page.ids.length === 0 || after === null) break;
  }
  const still = new Set((await readPage(api, list, { first: most })).ids);
  const lost = before.filter((id) => still.has(id) && !seen.includes(id));
  const twice = seen.filter((id, index) => seen.indexOf(id) !== index);
  return [
    ...(lost.length > 0 ? [`${titleOf(list)}: ${lost.length} of ${before.length} rows are on no page`] : []),
    ...(twice.length > 0
      ? [`${titleOf(list)}: ${twice.length} of ${before.length} rows are on two pages`]
      : []),
  ];
}

/** What is wrong with the answers to texts that are no cursor, a phrase each. They must be refused as a fault of the request. */
export async function cursorFaults(api: GraphQl, list: List, cursors: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const after of cursors) {
    const answer = await readPage(api, list, { first: 2, after }).catch((error: unknown) => error);
    if (!(answer instanceof ListError)) found.push(`${titleOf(list)} accepts ${after}`);
    else if (answer.internal) found.push(answer.message.slice(0, SHOWN));
  }
  return found;
}
