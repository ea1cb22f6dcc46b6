import type { Sight } from '../series/sight.ts';

/** Finds a color by the key of a point; undefined: it was not tried. */
export type ColorOf = (key: string) => Sight['color'] | undefined;

/** What a line of points shows so far. */
export type Narrowed =
  /** The point to try next, and how many trials follow at most when every one has a result. */
  | { state: 'next'; key: string; left: number }
  /** The change from green to red, and the points between that say nothing. */
  | { state: 'found'; green: string; red: string; silent: readonly string[] }
  /** The ends of the line are not what they should be. */
  | { state: 'refuted'; end: 'first' | 'last'; color: Sight['color'] };

/**
 * Decides what a line of points shows. The first should be green and the last red, with the change between them. Tries the
 * last, the first, then the middle of what is open. Steps aside where a point says nothing. Pure.
 * @param points at least two keys in the order of time
 */
export function narrow(points: readonly string[], colorOf: ColorOf): Narrowed {
  const last = points.length - 1;
  for (const [end, index, wanted] of [
    ['last', last, 'red'],
    ['first', 0, 'green'],
  ] as const) {
    const key = points[index];
    if (key === undefined) throw new Error('a line of a bisection has two points at least');
    const color = colorOf(key);
    if (color === undefined) return { state: 'next', key, left: 1 + Math.ceil(Math.log2(last)) };
    if (color !== wanted) return { state: 'refuted', end, color };
  }
  const red = points.findIndex((key) => colorOf(key) === 'red');
  const green = points.findLastIndex((key, index) => index < red && colorOf(key) === 'green');
  const between = points.slice(green + 1, red);
  const open = between.filter((key) => colorOf(key) === undefined);
  const middle = (between.length - 1) / 2;
  const byDistance = open.toSorted(
    (a, b) => Math.abs(between.indexOf(a) - middle) - Math.abs(between.indexOf(b) - middle),
  );
  const [next] = byDistance;
  if (next !== undefined) return { state: 'next', key: next, left: Math.floor(Math.log2(open.length)) };
  return { state: 'found', green: points[green] ?? '', red: points[red] ?? '', silent: between };
}
