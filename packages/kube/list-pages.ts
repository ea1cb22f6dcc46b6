import type { KubeObject, Resource } from './objects/object.ts';
import { isGone } from './requests/api-error.ts';
import type { Caller } from './requests/caller.ts';
import type { ListOptions, ListQuery, ObjectList } from './requests/calls.ts';
import { inWords, pathOf, typed } from './requests/request.ts';

/** Objects a page, as client-go's pager asks for. */
const PAGE = 500;
/** Starts from the first page again. etcd is compacted every five minutes, and a list takes seconds. */
const MOST_AGAIN = 3;

interface ListPage<T> {
  metadata: { resourceVersion?: string; continue?: string };
  items: T[];
}

/** All objects that match, page by page. The resourceVersion is that of the last page. */
export async function listPages<T extends KubeObject>(
  calls: Pick<Caller, 'json'>,
  resource: Resource<T>,
  query: ListQuery,
  options: ListOptions<T>,
): Promise<ObjectList<T>> {
  const { keep = (object: T) => object, pageSize = PAGE } = options;
  const { namespace, labelSelector, fieldSelector } = query;
  const at = namespace === undefined ? {} : { namespace };
  const read = (token: string | undefined) =>
    calls.json<ListPage<T>>(
      {
        verb: 'list',
        method: 'GET',
        path: pathOf(resource, at),
        query: { labelSelector, fieldSelector, limit: pageSize, continue: token },
        what: inWords('list', resource, at),
      },
      options,
    );
  const kept = ({ items: all }: ListPage<T>) => all.flatMap((item) => keep(typed(resource, item)) ?? []);
  const items: T[] = [];
  let page: ListPage<T> | undefined;
  let again = 0;
  do {
    try {
      page = await read(page?.metadata.continue);
      items.push(...kept(page));
    } catch (error) {
      // The token of the next page is too old (etcd was compacted): start over. Never in one page, which may not fit in memory.
      if (!isGone(error) || page === undefined || again === MOST_AGAIN) throw error;
      again += 1;
      page = await read(undefined);
      items.splice(0, items.length, ...kept(page));
    }
  } while (page.metadata.continue);
  return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
}
