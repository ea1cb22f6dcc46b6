/** A list of the GraphQL API v2, as the schema describes it. */
export interface ListField {
  /** Name of the field of Query. */
  name: string;
  /** Arguments that a query must give. */
  required: string[];
  /** Arguments that it may give. */
  optional: string[];
  /** Type of the items. */
  node: string;
  /** Whether the items have a field "id" without arguments. */
  hasId: boolean;
  /** Orders that the list has: values of the enum of orderBy.field, without deprecated ones. */
  orders: string[];
}

interface Field {
  name: string;
  /** Type of each argument; one with a default value is optional. */
  args: { name: string; type: string; hasDefault: boolean }[];
  type: string;
  deprecated: boolean;
}

const DESCRIPTION = /"""[\s\S]*?"""/g;

/**
 * The lists of a schema. It reads GraphQL schemas as Backend.AI prints them. A definition begins at the start of a line, and ends
 * with a brace at the start of a line. Pure.
 * @param sdl text of the schema, as `{ _service { sdl } }` gives it
 */
export function listFields(sdl: string): ListField[] {
  const definitions = definitionsOf(sdl.replace(DESCRIPTION, ''));
  const fieldsOf = (type: string) => parseFields(definitions.get(type) ?? '');
  return fieldsOf('Query').flatMap((field): ListField[] => {
    const connection = bare(field.type);
    if (!connection.endsWith('Connection') || !field.args.some(({ name }) => name === 'after')) return [];
    const edge = bare(fieldsOf(connection).find(({ name }) => name === 'edges')?.type ?? '');
    const node = bare(fieldsOf(edge).find(({ name }) => name === 'node')?.type ?? '');
    const orderBy = bare(field.args.find(({ name }) => name === 'orderBy')?.type ?? '');
    const order = bare(fieldsOf(orderBy).find(({ name }) => name === 'field')?.type ?? '');
    const isRequired = ({ type, hasDefault }: Field['args'][number]) => type.endsWith('!') && !hasDefault;
    return [
      {
        name: field.name,
        required: field.args.filter(isRequired).map(({ name }) => name),
        optional: field.args.filter((arg) => !isRequired(arg)).map(({ name }) => name),
        node,
        hasId: fieldsOf(node).some(({ name, args }) => name === 'id' && args.length === 0),
        orders: valuesOf(definitions.get(order) ?? ''),
      },
    ];
  });
}

/** Names of the fields of Query that only administrators may read, by their prefix. Pure. */
export function fieldsForAdministrators(sdl: string): { name: string; required: string[] }[] {
  const query = definitionsOf(sdl.replace(DESCRIPTION, '')).get('Query') ?? '';
  return parseFields(query)
    .filter(({ name }) => /^admin[A-Z]/.test(name))
    .map(({ name, args }) => ({
      name,
      required: args
        .filter(({ type, hasDefault }) => type.endsWith('!') && !hasDefault)
        .map((arg) => arg.name),
    }));
}

/** Bodies of all types, inputs and enums by their names. */
function definitionsOf(sdl: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', body = ''] of sdl.matchAll(
    /^(?:extend )?(?:type|input|enum|interface) (\w+)[^{\n]*\{\n([\s\S]*?)^\}/gm,
  )) {
    found.set(name, (found.get(name) ?? '') + body);
  }
  return found;
}

/** "[User!]!" is "User". */
function bare(type: string): string {
  return type.replace(/[[\]!]/g, '');
}

function valuesOf(body: string): string[] {
  return body
    .split('\n')
    .filter((line) => !line.includes('@deprecated'))
    .flatMap((line) => /^\s*([A-Z][A-Z0-9_]*)\b/.exec(line)?.[1] ?? []);
}

/** name(arg: Type = default, …): Type @directive */
function parseFields(body: string): Field[] {
  const fields: Field[] = [];
  const text = body.replace(/@\w+\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)/g, (directive) =>
    directive.startsWith('@deprecated') ? '@deprecated' : '',
  );
  const pattern = /(\w+)\s*(?:\(((?:[^()]|\([^()]*\))*)\))?\s*:\s*([[\]\w!]+)([^\n]*)/g;
  for (const [, name = '', args = '', type = '', rest = ''] of text.matchAll(pattern)) {
    fields.push({ name, args: parseArguments(args), type, deprecated: rest.includes('@deprecated') });
  }
  return fields;
}

function parseArguments(text: string): Field['args'] {
  return [...text.matchAll(/(\w+)\s*:\s*([[\]\w!]+)(\s*=)?/g)].map(([, name = '', type = '', equals]) => ({
    name,
    type,
    hasDefault: equals !== undefined,
  }));
}
