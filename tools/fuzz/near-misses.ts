import { type Arbitrary, array, constantFrom, nat, oneof, string, tuple } from 'fast-check';

/** What a reader expects least at any place of a document. */
const JUNK: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  26.9,
  '',
  ' ',
  'x',
  '\u0000',
  '\ud800',
  '../..',
  '__proto__',
  '2026-02-30',
  'x'.repeat(5_000),
  [],
  [null],
  [[]],
  {},
  { name: null },
  { toString: null },
  { __proto__: null, length: -1 },
];
/** Places of one document that are changed at most. */
const MOST = 3;

type Change = (at: Record<string, unknown>, key: string) => void;

/**
 * Documents that are nearly valid. Up to three places have anything, are left out, or have another name. A reader that survives
 * only random bytes has not been tried, because those fail at the first look.
 * @param valid a document of JSON, as the reader accepts it
 */
export function nearMisses(valid: unknown): Arbitrary<unknown> {
  const places = placesOf(valid);
  const change: Arbitrary<Change> = oneof(
    constantFrom(...JUNK).map((junk) => (at: Record<string, unknown>, key: string) => {
      at[key] = structuredClone(junk);
    }),
    string({ unit: 'binary', maxLength: 20 }).map((text) => (at: Record<string, unknown>, key: string) => {
      at[key] = text;
    }),
    constantFrom<Change>((at, key) => {
      if (Array.isArray(at)) at.splice(Number(key), 1);
      else delete at[key];
    }),
    constantFrom<Change>((at, key) => {
      at[`${key}x`] = at[key];
    }),
  );
  return array(tuple(nat(places.length - 1), change), { maxLength: MOST }).map((changes) => {
    const whole = { document: structuredClone(valid) };
    for (const [place, make] of changes) {
      const path = places[place] ?? [];
      const at = parentOf(whole, path);
      const key = path.at(-1);
      if (at && key !== undefined) make(at, key);
    }
    return whole.document;
  });
}

/** The paths to the document itself and to everything in it. */
function placesOf(value: unknown, path: readonly string[] = ['document']): string[][] {
  const below = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [[...path], ...below.flatMap(([key, each]) => placesOf(each, [...path, key]))];
}

/** What holds the last part of a path; undefined if an earlier change took it away. */
function parentOf(whole: object, path: readonly string[]): Record<string, unknown> | undefined {
  let at: unknown = whole;
  for (const key of path.slice(0, -1)) {
    // The cast: any object may be read by name.
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  }
  return typeof at === 'object' && at !== null ? (at as Record<string, unknown>) : undefined;
}
