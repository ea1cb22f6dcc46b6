import {
  type Arbitrary,
  array,
  boolean,
  constantFrom,
  double,
  integer,
  oneof,
  record,
  string,
  stringMatching,
  tuple,
  uniqueArray,
} from 'fast-check';

/** The part of JSON Schema that packages/api uses. */
export interface Schema {
  type?: string;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
  additionalProperties?: boolean | Schema;
  patternProperties?: Readonly<Record<string, Schema>>;
  maxProperties?: number;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** Items of an array: enough for each code path, and few enough for many objects. */
const MOST_ITEMS = 4;
/** Length of an unbounded string. */
const LENGTH = 64;
/** An integer without a maximum. */
const MOST = 2 ** 31 - 1;

/** Characters that break naive code: quotes, format directives, control characters, other alphabets, halves of pairs. */
const HARD = [
  '',
  ' ',
  '"',
  "'",
  '`',
  '\\',
  '$(E2E_RUN)',
  '%s',
  '{{ .Values }}',
  '<b>',
  '\n',
  '\t',
  '\u001b[31m',
  '\u202e',
  '한',
  '🚀',
  '../',
  '__proto__',
  'constructor',
];

/**
 * Values that a schema allows. An optional field is there in half of them, and a string has its maximum length in some.
 * Rules between fields (x-kubernetes-validations) are not respected: the API server refuses those objects.
 * Throws an Error for a schema that it cannot read.
 */
export function valuesOf(schema: Schema): Arbitrary<unknown> {
  if (schema.enum) return constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object':
      return objectsOf(schema);
    case 'array':
      return arraysOf(schema);
    case 'string':
      return stringsOf(schema);
    case 'boolean':
      return boolean();
    case 'integer':
      return oneof(
        { weight: 3, arbitrary: integer({ min: schema.minimum ?? 0, max: schema.maximum ?? MOST }) },
        { weight: 1, arbitrary: constantFrom(schema.minimum ?? 0, schema.maximum ?? MOST) },
      );
    case 'number':
      return double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1e6, noNaN: true });
    default:
      throw new Error(`the fuzz cannot make values of ${JSON.stringify(schema)}`);
  }
}

function objectsOf(schema: Schema): Arbitrary<unknown> {
  const { properties, required = [], patternProperties = {} } = schema;
  if (properties) {
    const fields = Object.entries(properties).map(([name, field]) => [name, valuesOf(field)] as const);
    return record(Object.fromEntries(fields), {
      requiredKeys: required.filter((name) => name in properties),
    });
  }
  const free = schema.additionalProperties;
  const value = typeof free === 'object' ? free : Object.values(patternProperties)[0];
  const values = value ? valuesOf(value) : oneof(boolean(), integer(), stringsOf({ type: 'string' }));
  return array(tuple(keys(), values), { maxLength: MOST_ITEMS }).map((entries) =>
    Object.fromEntries(entries),
  );
}

/** Names that are also valid resources, labels and Helm values. */
function keys(): Arbitrary<string> {
  return oneof(
    constantFrom('cpu', 'memory', 'image', 'replicas', 'area'),
    stringMatching(/^[a-z][a-z0-9]{0,10}$/),
  );
}

function arraysOf(schema: Schema): Arbitrary<unknown> {
  const item = valuesOf(schema.items ?? {});
  const minLength = schema.minItems ?? 0;
  const bounds = {
    minLength,
    maxLength: Math.max(minLength, Math.min(schema.maxItems ?? MOST_ITEMS, MOST_ITEMS)),
  };
  const mapKeys = schema['x-kubernetes-list-map-keys'];
  const unique = mapKeys !== undefined || schema['x-kubernetes-list-type'] === 'set';
  if (!unique) return array(item, bounds);
  const selector = (value: unknown): string =>
    JSON.stringify(mapKeys ? mapKeys.map((key) => (value as Record<string, unknown>)[key]) : value);
  return uniqueArray(item, { ...bounds, selector });
}

function stringsOf(schema: Schema): Arbitrary<string> {
  const { minLength = 0, maxLength = LENGTH, pattern, format } = schema;
  if (format === 'date-time') {
    return integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000).toISOString());
  }
  if (pattern !== undefined) {
    const matching = stringMatching(new RegExp(pattern));
    return matching.filter((text) => text.length >= minLength && text.length <= maxLength);
  }
  const short = Math.max(minLength, Math.min(maxLength, LENGTH));
  const fits = (text: string): boolean => [...text].length >= minLength && text.length <= maxLength;
  return oneof(
    { weight: 4, arbitrary: string({ minLength, maxLength: short, unit: 'grapheme' }).filter(fits) },
    {
      weight: 2,
      arbitrary: array(constantFrom(...HARD), { minLength: 1, maxLength: 4 })
        .map((parts) => parts.join(''))
        .filter(fits),
    },
    { weight: 1, arbitrary: constantFrom('x'.repeat(Math.max(1, maxLength))) },
  );
}
