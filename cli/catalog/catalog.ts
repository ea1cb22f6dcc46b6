import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';

/** The generated list of suites (suite-files.ts), from which the operator's chart makes the TestSuite objects. */
export const CATALOG_FILE = 'charts/e2e-operator/files/suites.yaml';

/** What the command needs of an entry; the chart uses more. */
const CatalogEntry = Type.Object({
  name: Type.String({ minLength: 1 }),
  area: Type.String({ minLength: 1 }),
  description: Type.Optional(Type.String()),
  files: Type.Array(Type.String()),
  slow: Type.Optional(Type.Boolean()),
  onDemand: Type.Optional(Type.Boolean()),
  disruptive: Type.Optional(Type.Boolean()),
  invasive: Type.Optional(Type.Boolean()),
  exclusive: Type.Optional(Type.Boolean()),
  last: Type.Optional(Type.Boolean()),
  waits: Type.Optional(Type.Boolean()),
  needs: Type.Optional(Type.Array(Type.String())),
  claims: Type.Optional(Type.Array(Type.String())),
});
export type CatalogEntry = Static<typeof CatalogEntry>;
const Catalog = Type.Object({ suites: Type.Array(CatalogEntry) });

/** Reads the list; `text` is YAML with a list under "suites". Throws an Error that names the place of a mistake. */
export function parseCatalog(text: string, where = CATALOG_FILE): CatalogEntry[] {
  const content: unknown = parse(text);
  if (!Value.Check(Catalog, content)) {
    const first = Value.Errors(Catalog, content)[0];
    throw new Error(`${where}: ${first?.instancePath || '/'} ${first?.message ?? 'is not a list of suites'}`);
  }
  return content.suites;
}

/** The catalog of this checkout. */
export async function readCatalog(root: string): Promise<CatalogEntry[]> {
  return parseCatalog(await readFile(`${root}/${CATALOG_FILE}`, 'utf8'));
}
