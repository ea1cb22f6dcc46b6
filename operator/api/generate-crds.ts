import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { customResourceDefinition } from './crd.ts';
import { KINDS, type KindName } from './group.ts';

/** Where the chart keeps the generated CRDs, relative to this file. */
export const CRD_FOLDER = new URL('../../charts/e2e-operator/files/crds/', import.meta.url);

const HEADER =
  '# Generated from operator/api by operator/api/generate-crds.ts. Do not edit: change the TypeScript and generate.\n';

/** File name and content of every CRD. Plain YAML: it can be applied by kubectl as well as by Helm. */
export function crdFiles(): { name: string; content: string }[] {
  return (Object.keys(KINDS) as KindName[]).map((kind) => ({
    name: `${KINDS[kind].plural}.yaml`,
    content:
      HEADER + stringify(customResourceDefinition(kind), { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}

if (import.meta.main) {
  parseArgs({ options: {}, allowPositionals: false });
  for (const { name, content } of crdFiles()) writeFileSync(new URL(name, CRD_FOLDER), content);
}
