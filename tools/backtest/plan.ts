import { LENGTHS } from '@backendai-e2e/api/lengths';
import { compareReleases, seriesOf } from '@backendai-e2e/api/release';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import type { Pair, Repair, Witness } from './repairs.ts';

/** Releases before this one may not deploy: pairs after it are preferred. */
const DEPLOYS_SINCE = '26.7.0';

/** A repair, and the two releases on which its test is to run. */
export interface Comparison {
  repair: Repair;
  pair: Pair;
}

/** One job: a release, and what runs on it. */
export interface Deployment {
  release: string;
  suites: readonly string[];
  /** Regular expression for the full titles of the tests. Absent where it would be too long: then whole suites run. */
  grep?: string;
}

/** Which repairs to compare: everything that is given must hold. */
export interface Choice {
  /** Ids, or numbers of the same repair. */
  ids?: readonly string[] | undefined;
  /** Repairs that came after the first release, and by the second. */
  pair?: Pair | undefined;
  /** Repairs that a release of this series was the first of its branch to have: "26.9". */
  series?: string | undefined;
}

/** The repairs that are asked for, in the order of the list. Throws {@link InvalidList} for an unknown id, or none. */
export function selectRepairs(all: readonly Repair[], { ids, pair, series }: Choice): Repair[] {
  const strange = (ids ?? []).filter((id) => !all.some((repair) => isCalled(repair, id)));
  if (strange.length > 0) throw new InvalidList(`suites/backtest has no repair ${strange.join(', ')}`);
  const named = ids ? all.filter((repair) => ids.some((id) => isCalled(repair, id))) : [...all];
  const found = named.filter(
    ({ repaired }) =>
      (!pair || repaired.some((own) => isWithin(own, pair))) &&
      (series === undefined || repaired.some((own) => seriesOf(own.with) === series)),
  );
  if (found.length > 0 || (!pair && series === undefined)) return found;
  const where = pair ? `came after ${pair.before} and by ${pair.with}` : `came in the series ${series}`;
  throw new InvalidList(`no chosen repair ${where}`);
}

/**
 * The releases on which to compare each repair that has a test. They are those of `pair`, or those of the repair in `series`.
 * Without either, they are the latest of the repair that are likely to deploy. Pure.
 */
export function comparisons(repairs: readonly Repair[], { pair, series }: Choice = {}): Comparison[] {
  return repairs
    .filter(({ witness }) => 'suite' in witness)
    .map((repair) => {
      const inSeries = repair.repaired.find((own) => seriesOf(own.with) === series);
      return { repair, pair: pair ?? inSeries ?? bestPair(repair) };
    });
}

/** One job for each release, earliest first, with all suites and tests that its comparisons need. Pure. */
export function deployments(all: readonly Comparison[]): Deployment[] {
  const byRelease = new Map<string, Set<Witness>>();
  for (const { repair, pair } of all) {
    if (!('suite' in repair.witness)) continue;
    for (const release of [pair.before, pair.with]) {
      const witnesses = byRelease.get(release) ?? new Set();
      byRelease.set(release, witnesses.add(repair.witness));
    }
  }
  return [...byRelease]
    .sort(([a], [b]) => compareReleases(a, b))
    .map(([release, witnesses]) => {
      const grep = [...new Set([...witnesses].flatMap(patterns))].join('|');
      return {
        release,
        suites: [...new Set([...witnesses].map(({ suite }) => suite))].sort(),
        ...(grep.length <= LENGTHS.grep ? { grep } : {}),
      };
    });
}

function patterns({ test, beside }: Witness): string[] {
  return [test, ...(beside ? [beside] : [])].map(({ source }) => `(?:${source})`);
}

/** Whether a repair came after the first release of the pair, and is in the second. */
function isWithin(own: Pair, pair: Pair): boolean {
  return compareReleases(own.before, pair.before) >= 0 && compareReleases(own.with, pair.with) <= 0;
}

function bestPair({ repaired }: Repair): Pair {
  const latestFirst = repaired.toSorted((a, b) => compareReleases(b.with, a.with));
  const likely = latestFirst.find(({ before }) => compareReleases(before, DEPLOYS_SINCE) >= 0);
  const best = likely ?? latestFirst[0];
  if (!best) throw new Error('a repair names no pair of releases');
  return best;
}

function isCalled({ id, also }: Repair, name: string): boolean {
  const plain = name.replace(/^#/, '');
  return id === plain || also.includes(plain);
}
