/** A JSON schema, or a part of one, as plain data. */
export interface Schema {
  [keyword: string]: unknown;
}

/** A schema keyword that a structural schema cannot hold. `path` says where. */
export class UnsupportedSchemaError extends Error {
  override readonly name = 'UnsupportedSchemaError';
  constructor(path: string, what: string) {
    super(
      `${path}: ${what} cannot be put into a CRD's structural schema. Use type, enum, pattern, ranges or a CEL rule.`,
    );
  }
}

/** Keywords of JSON schema that a structural schema knows in the same words. */
const PLAIN = new Set([
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'required',
  'nullable',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
]);

/**
 * Turns a JSON schema of TypeBox into one that a CRD accepts. Records become additionalProperties, enums of strings get their
 * type, and an empty `required` goes. Extensions (x-kubernetes-*) are kept. `path` is for errors only.
 * Throws UnsupportedSchemaError for a keyword that would be lost.
 */
export function structural(schema: object, path: string): Schema {
  const result: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') {
      result.properties = Object.fromEntries(
        Object.entries(asSchema(value, path)).map(([name, property]) => [
          name,
          structural(asSchema(property, `${path}.${name}`), `${path}.${name}`),
        ]),
      );
    } else if (keyword === 'items') {
      result.items = structural(asSchema(value, path), `${path}[]`);
    } else if (keyword === 'patternProperties') {
      const [inner, ...more] = Object.values(asSchema(value, path));
      if (more.length > 0) throw new UnsupportedSchemaError(path, 'more than one patternProperties');
      result.additionalProperties = structural(asSchema(inner, path), `${path}[*]`);
    } else if (keyword === 'additionalProperties') {
      if (typeof value !== 'object') throw new UnsupportedSchemaError(path, 'a boolean additionalProperties');
      result.additionalProperties = structural(asSchema(value, path), `${path}[*]`);
    } else if (keyword === 'required' && Array.isArray(value) && value.length === 0) {
      // An empty list says nothing, and older API servers refuse it.
    } else if (PLAIN.has(keyword) || keyword.startsWith('x-kubernetes-')) {
      result[keyword] = value;
    } else {
      throw new UnsupportedSchemaError(path, `the keyword ${keyword}`);
    }
  }
  if (Array.isArray(result.enum) && result.type === undefined) result.type = 'string';
  return result;
}

function asSchema(value: unknown, path: string): Schema {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UnsupportedSchemaError(path, `${JSON.stringify(value)} in the place of a schema`);
  }
  return { ...value };
}
