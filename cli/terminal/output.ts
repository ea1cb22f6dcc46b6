import { stringify } from 'yaml';
import { fitted } from './table.ts';

/** How a command shows its result. */
export type Format = 'table' | 'json' | 'yaml' | 'junit';

/** One result in every form that it has. */
export interface Shown {
  /** For people: lines for a terminal with this number of columns (undefined: no limit). */
  table(columns: number | undefined): readonly string[];
  /** For programs, as JSON or YAML. */
  data: unknown;
  /** JUnit XML, where the result has tests. */
  junit?: () => string;
}

/** The text of a result in a format, with the newline at its end. Throws an Error for a form that it does not have. */
export function rendered(shown: Shown, format: Format, columns: number | undefined): string {
  switch (format) {
    case 'table':
      return shown
        .table(columns)
        .map((line) => `${line}\n`)
        .join('');
    case 'json':
      return `${escaped(JSON.stringify(shown.data, null, 2))}\n`;
    case 'yaml':
      return stringify(shown.data, { aliasDuplicateObjects: false });
    case 'junit':
      if (!shown.junit) throw new Error('this command has no result in the form of JUnit XML');
      return shown.junit();
  }
}

/** Valid in JSON, but unsafe in a terminal: DEL, C1 controls, characters that change the direction of text. */
const UNSHOWN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;

/** The same JSON with such characters escaped: programs read the same data. */
function escaped(json: string): string {
  return json.replace(UNSHOWN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Prints a result on stdout. Lines fit the terminal; a pipe or a file gets complete lines. */
export function show(shown: Shown, format: Format): void {
  process.stdout.write(rendered(shown, format, columnsOf(process.stdout)));
}

/** Columns of a terminal; undefined for anything else, and for terminals that do not know. */
function columnsOf(output: { isTTY?: boolean; columns?: number }): number | undefined {
  return output.isTTY && output.columns ? output.columns : undefined;
}

/** A table as a result: rows for people, `data` for programs. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[], data: unknown): Shown {
  return { table: (columns) => fitted(head, rows, columns), data };
}
