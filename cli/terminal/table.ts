import { plainLine } from '@backendai-e2e/results/plain-text';
import stringWidth from 'string-width';

/** Below this many columns a table is no longer one: every row becomes a block of lines. */
const TABLE_COLUMNS = 50;
/** A column is not cut below this. */
const MIN_WIDTH = 8;
const SIGNS = new Intl.Segmenter();

/**
 * A table that fits into `columns` columns (undefined: no limit). The widest columns are cut first, with "…" at the cut. On
 * very narrow terminals every row becomes a block of "title: value" lines. Pure.
 */
export function fitted(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string[] {
  const whole = table(head, rows);
  const plain = rows.map((row) => row.map(plainLine));
  if (columns === undefined || whole.every((line) => stringWidth(line) <= columns)) return whole;
  if (columns < TABLE_COLUMNS) return blocks(head, plain, columns);
  const widths = head.map((title, column) =>
    Math.max(stringWidth(title), ...plain.map((row) => stringWidth(row[column] ?? ''))),
  );
  const room = columns - 2 * (head.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= MIN_WIDTH) return blocks(head, plain, columns);
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const narrowed = (cells: readonly string[]) =>
    cells.map((cell, column) => cut(cell, widths[column] ?? MIN_WIDTH));
  return table(narrowed(head), plain.map(narrowed));
}

/** The text, or its beginning with "…" when it takes more than `width` columns. A Hangul syllable takes two. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of SIGNS.segment(text)) {
    used += stringWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

function blocks(head: readonly string[], rows: readonly (readonly string[])[], columns: number): string[] {
  return rows.flatMap((row, index) => [
    ...(index > 0 ? [''] : []),
    ...row.flatMap((cell, column) =>
      cell === '' ? [] : [cut(head[column] ? `${head[column]}: ${cell}` : cell, columns)],
    ),
  ]);
}

/** Columns as wide as their widest cell; numbers to the right. Each cell becomes one plain line. */
export function table(head: readonly string[], cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map(plainLine));
  const widths = head.map((title, column) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const isNumber = head.map((_, column) => rows.every((row) => /^-?[\d.]*( s)?$/.test(row[column] ?? '')));
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => padded(cells[column] ?? '', width, isNumber[column] === true))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)];
}

/** The text with blanks up to a width, at its start for what stands to the right. */
function padded(text: string, width: number, isRight: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return isRight ? blanks + text : text + blanks;
}
