import type { Api } from '../clients/http/api.ts';

/** A search of the REST API: POST with filter, order and paging. */
export interface Search {
  path: string;
  /** Body besides the fields of paging. */
  json?: Record<string, unknown>;
}

/** The cursor of a row (encode_cursor in ai.backend.manager.api.adapter_options.cursor). The answers of REST have none. */
export function cursorOf(id: string): string {
  return Buffer.from(`cursor:v1:${id}`).toString('base64');
}

/** Ids of the rows on a page. @param paging for example {first: 2, after: "…"} */
export async function found(
  api: Api,
  { path, json }: Search,
  paging: Record<string, string | number>,
): Promise<string[]> {
  const answer = await api.json<{ items: { id: string }[] }>({
    method: 'POST',
    path,
    json: { ...json, ...paging },
  });
  return answer.items.map(({ id }) => id);
}

/**
 * Reads a search page by page with cursors, and compares with the whole before and after. Other suites may add and remove rows.
 * @param most rows that are read
 * @returns what is wrong, a phrase each
 */
export async function searchFaults(api: Api, search: Search, most: number): Promise<string[]> {
  const before = await found(api, search, { first: most });
  if (before.length < 2) return [];
  const size = Math.ceil(before.length / 4);
  const seen: string[] = [];
  while (seen.length < most) {
    const last = seen.at(-1);
    const page = await found(api, search, { first: size, ...(last ? { after: cursorOf(last) } : {}) });
    seen.push(...page);
    if (page.length < size || page.includes(last ?? '')) break;
  }
  const still = new Set(await found(api, search, { first: most }));
  const lost = before.filter((id) => still.has(id) && !seen.includes(id));
  const twice = seen.filter((id, index) => seen.indexOf(id) !== index);
  return [
    ...(lost.length > 0 ? [`${search.path}: ${lost.length} of ${before.length} rows are on no page`] : []),
    ...(twice.length > 0
      ? [`${search.path}: ${twice.length} of ${before.length} rows are on two pages`]
      : []),
  ];
}
