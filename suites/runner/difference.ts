/** Lines, or characters of one line, that stay before and after the part that differs. */
const CONTEXT_LINES = 3;
const CONTEXT_CHARACTERS = 100;
/** Texts up to this length are shown whole. Mocha cuts longer ones at their end, where the difference may be. */
const SHOWN = 4_000;

/**
 * Cuts two long texts down to what differs, with some context. Equal lines at the start and at the end go first, then equal
 * characters of what is left. Short texts stay whole. Pure.
 */
export function differing(left: string, right: string): [string, string] {
  if (Math.max(left.length, right.length) <= SHOWN) return [left, right];
  const byLine = trimmed(left.split('\n'), right.split('\n'), CONTEXT_LINES);
  const [a, b] = byLine.map((lines) => lines.join('\n')) as [string, string];
  if (Math.max(a.length, b.length) <= SHOWN) return [a, b];
  const [x, y] = trimmed([...a], [...b], CONTEXT_CHARACTERS);
  return [x.join(''), y.join('')];
}

function trimmed(left: string[], right: string[], context: number): [string[], string[]] {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const from = Math.max(0, start - context);
  const cut = (parts: string[]): string[] => {
    const to = Math.min(parts.length, parts.length - end + context);
    return [...(from > 0 ? ['…'] : []), ...parts.slice(from, to), ...(to < parts.length ? ['…'] : [])];
  };
  return [cut(left), cut(right)];
}
