import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';

/** What is read of a JSON schema. */
interface Schema {
  type?: string | string[];
  enum?: unknown[];
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  $ref?: string;
  definitions?: Record<string, Schema>;
}

/** One value of a chart. */
export interface ChartValue {
  /** Dotted path, as --set takes it. */
  path: string;
  /** Type with its limits. */
  type: string;
  /** As YAML on one line; empty: there is none. */
  standard: string;
  /** From the schema, else the comment above it in values.yaml; empty: nobody has said what it is. */
  description: string;
}

const CHARTS = ['e2e-operator', 'backend-ai'] as const;
export type Chart = (typeof CHARTS)[number];

/** Every value of a chart: what its schema and its values.yaml name, in the order of values.yaml. */
export function valuesOf(chart: Chart): ChartValue[] {
  const folder = path.join(import.meta.dirname, '../../charts', chart);
  const schema: Schema = JSON.parse(readFileSync(path.join(folder, 'values.schema.json'), 'utf8'));
  const document = parseDocument(readFileSync(path.join(folder, 'values.yaml'), 'utf8'));
  const values: ChartValue[] = [];
  const resolve = (one: Schema | undefined): Schema => {
    const name = one?.$ref?.split('/').at(-1);
    return name ? { ...schema.definitions?.[name], ...one } : (one ?? {});
  };
  const visit = (at: readonly string[], raw: Schema | undefined, comment: string): void => {
    const one = resolve(raw);
    const node = at.length === 0 ? document.contents : document.getIn(at, true);
    const inner = isMap(node) ? node.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
    const keys = [...new Set([...inner, ...Object.keys(one.properties ?? {})])];
    const isLeaf = at.length > 0 && (keys.length === 0 || at.at(-1) === 'resources' || !one.properties);
    if (isLeaf) {
      values.push({
        path: at.join('.'),
        type: typeOf(one),
        standard: shown(document.getIn(at), node !== undefined),
        description: one.description ?? comment,
      });
      return;
    }
    for (const [index, key] of keys.entries()) {
      if (at.length === 0 && key === 'global') continue;
      visit([...at, key], one.properties?.[key], commentOf(node, key, index));
    }
  };
  visit([], schema, document.commentBefore ?? '');
  return values;
}

/** The comment above a key. That of a map's first key belongs to the map or the document in the YAML library's eyes. */
function commentOf(node: unknown, key: string, index: number): string {
  if (!isMap(node)) return '';
  const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
  const own = pair && isScalar(pair.key) ? pair.key.commentBefore : undefined;
  const text = own ?? (index === 0 ? node.commentBefore : undefined) ?? '';
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

function typeOf(one: Schema): string {
  if (one.enum) return one.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  const type = Array.isArray(one.type) ? one.type.join(' or ') : (one.type ?? 'any');
  const kind = one.items?.type ? `${type} of ${String(one.items.type)}s` : type;
  const { minimum: least, maximum: most } = one;
  if (least !== undefined && most !== undefined) return `${kind}, ${least} to ${most}`;
  if (least !== undefined) return `${kind}, from ${least}`;
  return most === undefined ? kind : `${kind}, up to ${most}`;
}

function shown(value: unknown, isThere: boolean): string {
  if (!isThere || value === undefined) return '';
  const plain: unknown =
    typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
      ? value.toJSON()
      : value;
  return JSON.stringify(plain);
}

/** The reference page of a chart. */
export function valuesPage(chart: Chart): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = valuesOf(chart).map(
    ({ path: name, type, standard, description }) =>
      `| \`${name}\` | ${cell(type)} | ${standard === '' ? '' : `\`${cell(standard)}\``} | ${cell(description)} |`,
  );
  return [
    `# Values of charts/${chart}`,
    '',
    "Made by `make docs` from the chart's `values.schema.json` and `values.yaml`; a test keeps it up to date.",
    '',
    '| value | type | default | what it is |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Where the pages are kept, with what they hold now. */
export function valuesPages(): { file: string; content: string }[] {
  return CHARTS.map((chart) => ({
    file: path.join(import.meta.dirname, '../../docs/reference', `values-${chart}.md`),
    content: valuesPage(chart),
  }));
}

if (import.meta.main) {
  for (const { file, content } of valuesPages()) writeFileSync(file, content);
}
