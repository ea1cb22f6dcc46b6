import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The part of a document between its lines `<!-- <part> -->` and `<!-- end of <part> -->`, and its target: a table of these
 * rows. Where $E2E_WRITE_TABLES is set, the document is changed first. Throws when it has no such part.
 */
export function documentedTable(
  document: string,
  part: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): { found: string; wanted: string } {
  const path = new URL(`../../docs/${document}`, import.meta.url);
  const text = readFileSync(path, 'utf8');
  const [from, to] = [`<!-- ${part} -->\n`, `<!-- end of ${part} -->`];
  const [start, end] = [text.indexOf(from) + from.length, text.indexOf(to)];
  if (!text.includes(from) || end < start) throw new Error(`docs/${document} has no part "${part}"`);
  const line = (cells: readonly string[]) => `| ${cells.map(inCell).join(' | ')} |\n`;
  const wanted = ['\n', line(head), line(head.map(() => '---')), ...rows.map(line), '\n'].join('');
  if (!process.env.E2E_WRITE_TABLES) return { found: text.slice(start, end), wanted };
  writeFileSync(path, text.slice(0, start) + wanted + text.slice(end));
  return { found: wanted, wanted };
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}
