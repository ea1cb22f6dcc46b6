/**
 * A sample of `count` items that a seed determines, in the order of the list. All of them if there are no more. Pure.
 * @param seed equal seeds choose equal items of equal lists
 */
export function sampleOf<T>(items: readonly T[], count: number, seed: number): T[] {
  const next = randoms(seed);
  return items
    .map((item, place) => ({ item, place, lot: next() }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, count)
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** Mulberry32: numbers from 0 to 1 that are spread well enough for a sample. */
function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
