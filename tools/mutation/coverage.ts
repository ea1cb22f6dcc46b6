/** A range of a source, and how often it ran. */
export interface RanRange {
  start: number;
  end: number;
  count: number;
}

/** The ranges of each file that V8 counted, nested ones too. */
export type RanFiles = Readonly<Record<string, readonly RanRange[]>>;

/** Whether the code at an offset ran: the smallest range around it decides. Pure. */
export function ranAt(ranges: readonly RanRange[] | undefined, offset: number): boolean {
  let innermost: RanRange | undefined;
  for (const range of ranges ?? []) {
    if (offset < range.start || offset >= range.end) continue;
    const isSmaller = !innermost || range.end - range.start <= innermost.end - innermost.start;
    if (isSmaller) innermost = range;
  }
  return (innermost?.count ?? 0) > 0;
}

/** The specs that run the code at an offset of a file, its own first. Pure. */
export function specsAt(file: string, offset: number, bySpec: ReadonlyMap<string, RanFiles>): string[] {
  const own = file.replace(/\.ts$/, '.spec.ts');
  return [...bySpec]
    .filter(([, files]) => ranAt(files[file], offset))
    .map(([spec]) => spec)
    .sort((a, b) => Number(b === own) - Number(a === own) || a.localeCompare(b));
}
