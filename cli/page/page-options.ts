import type { PageOptions } from '@backendai-e2e/page/page-file';
import { readCatalog } from '../catalog/catalog.ts';
import { defaultHistory } from '../history/default-folder.ts';
import { readHistory } from '../history/history-folder.ts';
import { previousRecord } from '../history/results-records.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { readGreenLines } from './green-lines.ts';

/** Runs of the history that a page shows. */
export const MOST_RUNS = 1_000;

/**
 * What explains the run in a folder: the catalog, the history, and the lines of runs that succeeded.
 * @param history folder of the history
 */
export async function pageOptions(
  out: string,
  history: string = defaultHistory(),
): Promise<Omit<PageOptions, 'cacheDir' | 'proof'>> {
  const before = await previousRecord(out);
  const { records, troubles } = await readHistory(history, MOST_RUNS).catch((error: unknown) => ({
    records: [],
    troubles: [`the history ${history} cannot be read: ${error instanceof Error ? error.message : error}`],
  }));
  const green = await readGreenLines(out);
  return {
    catalog: await knownSuites(),
    history: before ? [...records, before] : records,
    missing: troubles,
    ...(green ? { green } : {}),
  };
}

/** What the catalog of this checkout says about each suite. */
export async function knownSuites(): Promise<NonNullable<PageOptions['catalog']>> {
  const catalog = await readCatalog(PROJECT_ROOT);
  return new Map(
    catalog.map((traits) => {
      const { name, description = '', claims = [], needs = [] } = traits;
      return [name, { description, claims, needs, traits }] as const;
    }),
  );
}
