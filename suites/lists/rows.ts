import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Static, TSchema } from 'typebox';
import { Errors, Pointer } from 'typebox/schema';
import { parse } from 'yaml';
import { InvalidList, listFiles } from './files.ts';

// Plain JSON Schema, since the suite's pod loads this file. TypeBox derives the same types, without the time to load its builder.

/** Words of lower-case letters and digits, joined by dashes. */
export const Id = {
  type: 'string',
  pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
  description: 'lower-case words joined by dashes',
} as const;
/** A text that is not blank. */
export const Text = { type: 'string', pattern: '\\S', description: 'a text' } as const;

/** What a list is. */
export interface ListOf<Row extends TSchema> {
  /** The one field of each file, with the rows. */
  key: string;
  /** The schema of a row. A `description` in it is what a value must be, for the message. */
  row: Row;
  /** What is wrong with a valid row where no schema can say it. Undefined: nothing. */
  mistake?: (row: Static<Row>) => string | undefined;
}

/** Characters of a wrong value that a message shows. */
const MAX_SHOWN = 60;

/**
 * The rows of a list: of a YAML file, or of all files of a folder by name.
 * @throws InvalidList with the file and the place of the first mistake, or the error of reading
 */
export function readRows<Row extends TSchema>(list: ListOf<Row>, place: string): Static<Row>[] {
  return listFiles(place).flatMap((file) => {
    const where = `${path.basename(path.dirname(file))}/${path.basename(file)}: `;
    return rowsOf(list, readFileSync(file, 'utf8'), where);
  });
}

/** The rows of a YAML text. @param where begins the message. @throws InvalidList with the place of the first mistake */
export function rowsOf<Row extends TSchema>(list: ListOf<Row>, text: string, where = ''): Static<Row>[] {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new InvalidList(`${where}is not YAML: ${String(error)}`, { cause: error });
  }
  return rowsIn(list, document, where);
}

/** The rows of a document. @param where begins the message. @throws InvalidList with the place of the first mistake */
export function rowsIn<Row extends TSchema>(
  { key, row, mistake }: ListOf<Row>,
  document: unknown,
  where = '',
): Static<Row>[] {
  const schema = {
    type: 'object',
    properties: {
      [key]: { type: 'array', items: row, minItems: 1, description: 'a list with at least one entry' },
    },
    required: [key],
    additionalProperties: false,
  };
  const [isValid, [first]] = Errors(schema, document);
  if (!isValid) {
    const place = placeOf(first?.instancePath ?? '') || 'the document';
    throw new InvalidList(`${where}${place}: ${first && sentenceOf(first, schema, document)}`);
  }
  const rows = (document as Record<string, Static<Row>[]>)[key] ?? [];
  for (const [index, each] of rows.entries()) {
    const what = mistake?.(each);
    if (what !== undefined) throw new InvalidList(`${where}${key}[${index}]: ${what}`);
  }
  return rows;
}

/** A regular expression of a list. @param place of the text, for the error. @throws InvalidList */
export function patternOf(place: string, text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    throw new InvalidList(`${place}: is not a regular expression: ${String(error)}`, { cause: error });
  }
}

/** An error of a value, as a sentence about its place. */
function sentenceOf(error: ReturnType<typeof Errors>[1][number], schema: object, document: unknown): string {
  // The schema of a field that does not exist is "false".
  if (error.keyword === 'boolean') return 'there is no such field';
  const wanted = Pointer.Get(schema, `${error.schemaPath.slice(1)}/description`);
  if (wanted === undefined) return error.message;
  const value = JSON.stringify(Pointer.Get(document, error.instancePath));
  const shown = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
  return `must be ${String(wanted)}, not ${shown}`;
}

/** "/breakages/0/red" as "breakages[0].red". */
function placeOf(pointer: string): string {
  return pointer
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
}
