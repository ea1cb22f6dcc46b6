import { ConfigError } from '../access/config-error.ts';
import { isRecord } from '../objects/is-record.ts';

/** Reads a value that a person or a program wrote. Throws ConfigError with its path, and the file or program that it is in. */
export type Reader<T> = (value: unknown, path: string, source: string) => T;

/** A text. Numbers and booleans count as the text that YAML has for them. */
export const text: Reader<string> = (value, path, source) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw mistake(path, source, 'a text');
};

/** True or false. */
export const flag: Reader<boolean> = (value, path, source) => {
  if (typeof value === 'boolean') return value;
  throw mistake(path, source, 'true or false');
};

/** Any value. */
export const anything: Reader<unknown> = (value) => value;

/** A list of such values. */
export function listOf<T>(each: Reader<T>): Reader<T[]> {
  return (value, path, source) => {
    if (!Array.isArray(value)) throw mistake(path, source, 'a list');
    return value.map((item, index) => each(item, `${path}[${index}]`, source));
  };
}

/** A mapping from any names to such values. */
export function mapOf<T>(each: Reader<T>): Reader<Record<string, T>> {
  return (value, path, source) =>
    Object.fromEntries(
      Object.entries(mapping(value, path, source)).map(([name, item]) => [
        name,
        each(item, `${path}.${name}`, source),
      ]),
    );
}

/** A mapping with these fields. Null counts as left out, as in Go. Other fields are dropped. */
export function fieldsOf<T extends object>(
  readers: { [Name in keyof T]-?: Reader<Exclude<T[Name], null | undefined>> },
): Reader<Partial<T>> {
  return (value, path, source) => {
    const given = mapping(value, path, source);
    const read = Object.entries<Reader<unknown>>(readers).flatMap(([name, reader]) => {
      const item = Object.hasOwn(given, name) ? given[name] : undefined;
      return item === undefined || item === null ? [] : [[name, reader(item, `${path}.${name}`, source)]];
    });
    // The cast: Object.fromEntries forgets which names it has.
    return Object.fromEntries(read) as Partial<T>;
  };
}

function mapping(value: unknown, path: string, source: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw mistake(path, source, 'a mapping');
}

function mistake(path: string, source: string, wanted: string): ConfigError {
  return new ConfigError(`${path} in ${source} is not ${wanted}.`);
}
