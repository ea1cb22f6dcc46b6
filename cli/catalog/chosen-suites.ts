import { runsUnnamed } from '@backendai-e2e/api/test-suite';
import type { CatalogEntry } from './catalog.ts';

/** The named suites do not exist. The message lists those that do. Exit code 2. */
export class UnknownSuites extends Error {
  override readonly name = 'UnknownSuites';
}

/**
 * Resolves the user's choice: names of suites, areas or suite files ("session-lifecycle/create-session"),
 * separated by commas. Empty means all: undefined is returned, and the operator takes every suite that is not onDemand.
 * An area means its suites that are not onDemand (if it has others), nor slow unless `includeSlow`. Throws UnknownSuites.
 */
export function suitesNamed(
  asked: string | undefined,
  catalog: readonly CatalogEntry[],
  includeSlow = true,
): string[] | undefined {
  const words = (asked ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.length === 0) return undefined;
  const chosen = new Map(words.map((word) => [word, matching(word, catalog, includeSlow)]));
  const unknown = [...chosen].filter(([, names]) => names.length === 0).map(([word]) => word);
  if (unknown.length > 0) {
    throw new UnknownSuites(
      `no suite, area or suite file is called ${unknown.map((word) => `"${word}"`).join(', ')}. ` +
        `These exist:\n${listing(catalog).join('\n')}`,
    );
  }
  return [...new Set([...chosen.values()].flat())];
}

/**
 * Adds to chosen suites those that run last (the leak audit): they belong to every run. Not where a pattern chooses tests:
 * it would match none of theirs, and a suite without a test fails.
 */
export function withLast(
  names: readonly string[] | undefined,
  catalog: readonly CatalogEntry[],
  grep: string | undefined,
): string[] | undefined {
  if (names === undefined) return undefined;
  const last = grep ? [] : catalog.filter((suite) => suite.last && !suite.onDemand);
  return [...new Set([...names, ...last.map((suite) => suite.name)])];
}

/** The suites of a run by default, as the operator chooses them: none on demand, and slow ones on request. */
export function usualSuites(catalog: readonly CatalogEntry[], includeSlow: boolean): CatalogEntry[] {
  return catalog.filter((suite) => runsUnnamed(suite, includeSlow));
}

/** The catalog for people: areas with their suites. */
export function listing(catalog: readonly CatalogEntry[]): string[] {
  const areas = [...new Set(catalog.map((suite) => suite.area))];
  return areas.flatMap((area) => [
    `  ${area}`,
    ...catalog
      .filter((suite) => suite.area === area)
      .map((suite) => {
        const marks = [
          suite.slow ? 'slow' : '',
          suite.onDemand ? 'only when named' : '',
          suite.last ? 'after all others, always' : '',
        ].filter(Boolean);
        const tail = marks.length > 0 ? ` [${marks.join(', ')}]` : '';
        return `    ${suite.name}${suite.description ? `: ${suite.description}` : ''}${tail}`;
      }),
  ]);
}

function matching(word: string, catalog: readonly CatalogEntry[], includeSlow: boolean): string[] {
  const named = catalog.filter((suite) => suite.name === word || suite.files.includes(word));
  if (named.length > 0) return named.map((suite) => suite.name);
  const area = catalog.filter((suite) => suite.area === word);
  const usual = area.filter((suite) => !suite.onDemand);
  // An area with nothing else means its suites on demand.
  const found = usual.length > 0 ? usualSuites(usual, includeSlow) : area;
  return found.map((suite) => suite.name);
}
