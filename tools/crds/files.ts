import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KINDS, type KindName } from '@backendai-e2e/api/group';
import { TestRunSpec } from '@backendai-e2e/api/schemas/test-run';
import { stringify } from 'yaml';
import { customResourceDefinition } from './definition.ts';
import { structural } from './structural-schema.ts';

/** Where the chart keeps the generated CRDs, relative to this file. */
export const CRD_FOLDER = new URL('../../charts/e2e-operator/files/crds/', import.meta.url);

const HEADER =
  '# Generated from packages/api by tools/crds/files.ts. Do not edit: change the schemas and run "make crds".\n';

/** File name and content of every CRD. Plain YAML: it can be applied by kubectl as well as by Helm. */
export function crdFiles(): { name: string; content: string }[] {
  return (Object.keys(KINDS) as KindName[]).map((kind) => ({
    name: `${KINDS[kind].plural}.yaml`,
    content:
      HEADER + stringify(customResourceDefinition(kind), { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}

/** The chart's schema of values, whose schedule.run is the spec of a TestRun. */
export const VALUES_SCHEMA = new URL('../../charts/e2e-operator/values.schema.json', import.meta.url);

/** Schema of a TestRun's spec for Helm, which refuses keys that it does not name. */
export function runSchema(): object {
  return closed(withoutExtensions(structural(TestRunSpec, 'TestRun.spec')));
}

/** Without what only Kubernetes understands. */
function withoutExtensions(value: unknown): object {
  const plain: unknown = JSON.parse(
    JSON.stringify(value, (key, part: unknown) => (key.startsWith('x-kubernetes-') ? undefined : part)),
  );
  if (typeof plain !== 'object' || plain === null) throw new Error('a schema is an object');
  return plain;
}

function closed(schema: object): object {
  const entries = Object.entries(schema).map(([key, value]: [string, unknown]) => [
    key,
    key === 'properties' && typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, one]: [string, object]) => [name, closed(one)]))
      : value,
  ]);
  return {
    ...Object.fromEntries(entries),
    ...('properties' in schema ? { additionalProperties: false } : {}),
  };
}

if (import.meta.main) {
  parseArgs({ options: {}, allowPositionals: false });
  for (const { name, content } of crdFiles()) writeFileSync(new URL(name, CRD_FOLDER), content);
  const values: { properties: { schedule: { properties: { run: object } } } } = JSON.parse(
    readFileSync(VALUES_SCHEMA, 'utf8'),
  );
  values.properties.schedule.properties.run = runSchema();
  writeFileSync(VALUES_SCHEMA, `${JSON.stringify(values, null, 2)}\n`);
}
