import { UNKNOWN_SECONDS } from './durations.ts';

/**
 * The names in another order, the same one for the same seed (any text). Order must not matter to suites, and a run in a
 * chance order tests that. The seed brings a failing order back.
 */
export function shuffled(names: readonly string[], seed: string): string[] {
  const random = numbersFrom(seed);
  const left = [...names];
  const order: string[] = [];
  while (left.length > 0) order.push(...left.splice(Math.floor(random() * left.length), 1));
  return order;
}

/** Numbers from 0 up to 1 (mulberry32, seeded by a hash of the text), the same on every machine. */
function numbersFrom(seed: string): () => number {
  let state = [...seed].reduce(
    (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619),
    2_166_136_261,
  );
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The names, those that take longest first: several places are then empty for the shortest time at the end. */
export function longestFirst(names: readonly string[], seconds: ReadonlyMap<string, number>): string[] {
  const of = (name: string): number => seconds.get(name) ?? UNKNOWN_SECONDS;
  return [...names].sort((one, other) => of(other) - of(one));
}
