import type { HistoryRecord } from './record.ts';

/** A run that ran less than this share of the suites says too little about the later one. */
const LEAST_SHARE = 0.5;

/** Records oldest first, each run once. */
export function inOrder(records: readonly HistoryRecord[]): HistoryRecord[] {
  const unique = new Map(records.map((record) => [record.uid, record]));
  return [...unique.values()].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}

/**
 * The newest run before this one that it can be compared with. They share an environment by name and chose their tests by the same
 * expression. The earlier one ran at least half of the suites. Undefined if there is none. Pure.
 */
export function comparableBefore(
  records: readonly HistoryRecord[],
  now: HistoryRecord,
): HistoryRecord | undefined {
  const suites = ran(now);
  return earlierThan(records, now).findLast((before) => {
    if (before.grep !== now.grep) return false;
    if (!before.environments.some((name) => now.environments.includes(name))) return false;
    const theirs = new Set(ran(before));
    const shared = suites.filter((name) => theirs.has(name)).length;
    return shared > 0 && shared >= suites.length * LEAST_SHARE;
  });
}

/** The runs before this one, oldest first, whose measurements compare: same environments, same expression. Pure. */
export function comparableEarlier(records: readonly HistoryRecord[], now: HistoryRecord): HistoryRecord[] {
  const places = ({ environments }: HistoryRecord) => JSON.stringify([...environments].sort());
  return earlierThan(records, now).filter(
    (before) => before.grep === now.grep && places(before) === places(now),
  );
}

/** The runs that started before this one, oldest first. */
export function earlierThan(records: readonly HistoryRecord[], now: HistoryRecord): HistoryRecord[] {
  const start = Date.parse(now.startedAt);
  return inOrder(records).filter(({ uid, startedAt }) => uid !== now.uid && Date.parse(startedAt) <= start);
}

/**
 * What was tested and what tested it, in one text: equal for runs with the same digests. Undefined if the record has no
 * digests.
 */
export function fingerprintOf({ tested, testing, backendAi }: HistoryRecord): string | undefined {
  const digests = [...tested, ...testing.filter(({ name }) => name === 'suite')];
  if (!digests.some(({ digest }) => digest)) return undefined;
  return JSON.stringify([backendAi, digests.map(({ name, digest }) => [name, digest])]);
}

function ran({ suites }: HistoryRecord): string[] {
  return suites.filter(({ tests }) => tests.length > 0).map(({ name }) => name);
}
