import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';

/** A list is invalid. The message names the place and what is wrong there. */
export class InvalidList extends Error {
  override name = 'InvalidList';
}

/** Words of lower-case letters and digits, joined by dashes. */
export const Id = Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' });
/** A text that is not blank. */
export const Text = Type.String({ pattern: '\\S' });

/**
 * The rows of a list that a folder holds in YAML files, in the order of their names.
 * @param key the one field of each file, with the rows
 * @throws InvalidList with the file and the place of the first mistake, or the error of reading
 */
export function readRows<Row extends TSchema>(row: Row, key: string, folder: string): Static<Row>[] {
  const files = globSync('*.yaml', { cwd: folder }).sort();
  return files.flatMap((file) => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    return rowsOf(row, key, text, `${path.basename(folder)}/${file}: `);
  });
}

/** The rows of a YAML text. @param where begins the message. @throws InvalidList with the place of the first mistake */
export function rowsOf<Row extends TSchema>(row: Row, key: string, text: string, where = ''): Static<Row>[] {
  const List = Type.Record(Type.Literal(key), Type.Array(row, { minItems: 1 }), {
    additionalProperties: false,
  });
  const found: unknown = parse(text);
  if (Value.Check(List, found)) return (found as Record<string, Static<Row>[]>)[key] ?? [];
  const first = Value.Errors(List, found)[0];
  // The schema of a field that does not exist is "false".
  const what = first?.keyword === 'boolean' ? 'there is no such field' : first?.message;
  throw new InvalidList(`${where}${placeOf(first?.instancePath ?? '') || key}: ${what}`);
}

/** A regular expression of a list. @param place of the text, for the error. @throws InvalidList */
export function patternOf(place: string, text: string, flags = ''): RegExp {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    throw new InvalidList(`${place}: is not a regular expression: ${String(error)}`, { cause: error });
  }
}

/** "/breakages/0/red" as "breakages[0].red". */
function placeOf(pointer: string): string {
  return pointer
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
}
