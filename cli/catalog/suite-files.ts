import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { TestSuiteSpec } from '@backendai-e2e/api/schemas/test-suite';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse, stringify } from 'yaml';
import { CATALOG_FILE, type CatalogEntry } from './catalog.ts';

/** The end of the name of a suite's metadata file, which is beside the suite: suites/<area>/<suite>.suite.yaml. */
export const SUITE_FILE_SUFFIX = '.suite.yaml';

const { description, files, image: _image, ...spec } = TestSuiteSpec.properties;

/**
 * The metadata of a suite: fields of TestSuite.spec, except what the chart and the place of the file say. Its folder is its
 * area, and its name is "<area>-<suite>". Without `files`, its only test file is the one beside it.
 */
const SuiteFile = Type.Object(
  {
    description,
    files: Type.Optional(files),
    /** Key in the chart's runtimeImages of the image that the suite works in. */
    runtime: Type.Optional(Type.String({ minLength: 1 })),
    ...spec,
  },
  { additionalProperties: false },
);
type SuiteFile = Static<typeof SuiteFile>;

/** A metadata file is not what {@link SuiteFile} says. The message names the file and the field. */
export class InvalidSuiteFile extends Error {
  override readonly name = 'InvalidSuiteFile';
}

/**
 * The catalog entry that a metadata file makes.
 * @param file relative to suites/, for example "storage/file-upload.suite.yaml"
 * Throws {@link InvalidSuiteFile}.
 */
export function entryOf(file: string, text: string): CatalogEntry {
  const area = path.posix.dirname(file);
  const suite = path.posix.basename(file, SUITE_FILE_SUFFIX);
  const content: unknown = parse(text);
  if (!Value.Check(SuiteFile, content)) {
    const first = Value.Errors(SuiteFile, content)[0];
    // The schema of a field that does not exist is "false".
    const message = first?.keyword === 'boolean' ? 'is not a field of a suite' : first?.message;
    throw new InvalidSuiteFile(`suites/${file}: ${first?.instancePath || '/'} ${message}`);
  }
  const { files: named = [`${area}/${suite}`], ...rest }: SuiteFile = content;
  return { name: `${area}-${suite}`, area, files: named, ...rest };
}

/** The entries of all metadata files of a checkout, by name. Throws {@link InvalidSuiteFile}. */
export async function readSuiteFiles(root: string): Promise<CatalogEntry[]> {
  const suites = path.join(root, 'suites');
  const entries: CatalogEntry[] = [];
  for await (const file of glob(`*/*${SUITE_FILE_SUFFIX}`, { cwd: suites })) {
    entries.push(entryOf(file.replaceAll(path.sep, '/'), await readFile(path.join(suites, file), 'utf8')));
  }
  return entries.sort((one, other) => one.name.localeCompare(other.name));
}

const HEADER = `# Generated from suites/<area>/<suite>${SUITE_FILE_SUFFIX} by "make catalog". Do not edit.
# The operator's chart makes a TestSuite of each entry.
`;

/** The text of {@link CATALOG_FILE}: what the chart reads. */
export function catalogText(entries: readonly CatalogEntry[]): string {
  return HEADER + stringify({ suites: entries }, { lineWidth: 110, aliasDuplicateObjects: false });
}
