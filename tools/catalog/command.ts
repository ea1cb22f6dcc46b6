import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { CATALOG_FILE, type CatalogEntry } from '@backendai-e2e/cli/catalog/catalog';
import { catalogText, readSuiteFiles } from '@backendai-e2e/cli/catalog/suite-files';
import { readTimings, type SuiteTime, TIMINGS_FILE, timingsText } from '@backendai-e2e/cli/catalog/timings';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { execa } from 'execa';
import { SUITES_PAGE, type SuiteFigures, suitesPage } from './suites-page.ts';

/** Seconds for loading all suite files, which runs no test: it takes about 5. */
const LIST_SECONDS = 120;

/** The generated files and their contents, by path relative to the checkout. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const catalog = await readSuiteFiles(PROJECT_ROOT);
  const tests = await testsOf(catalog);
  const seconds = await readTimings(PROJECT_ROOT);
  const figures = new Map<string, SuiteFigures>(
    catalog.map(({ name, files }) => [
      name,
      { tests: tests.filter(({ file }) => files.includes(file)).length, seconds: seconds.get(name) },
    ]),
  );
  return new Map([
    [CATALOG_FILE, catalogText(catalog)],
    [SUITES_PAGE, suitesPage(catalog, figures)],
  ]);
}

/** `tools/dev catalog`: writes the chart's catalog and the page of suites. Returns 0. */
export async function catalogCommand(): Promise<number> {
  for (const [file, content] of await generatedFiles()) {
    await writeFile(path.join(PROJECT_ROOT, file), content);
    console.log(`wrote ${file}`);
  }
  return COMMAND_EXIT.passed;
}

/** `tools/dev timings FILE`: notes the seconds of a whole run, then writes the page of suites. Returns 0. */
export async function timingsCommand(file: string): Promise<number> {
  const run: { run?: { status?: { suites?: SuiteTime[] } } } = JSON.parse(await readFile(file, 'utf8'));
  const suites = run.run?.status?.suites;
  if (!suites) throw new Error(`${file} holds no suites of a run: name the run.json of a finished run`);
  const names = (await readSuiteFiles(PROJECT_ROOT)).map(({ name }) => name);
  await writeFile(
    path.join(PROJECT_ROOT, TIMINGS_FILE),
    timingsText(await readTimings(PROJECT_ROOT), suites, names),
  );
  console.log(`wrote ${TIMINGS_FILE}`);
  return catalogCommand();
}

/** Asks the suites themselves, in a process of their own. */
async function testsOf(catalog: readonly CatalogEntry[]): Promise<{ file: string }[]> {
  const files = [...new Set(catalog.flatMap((suite) => suite.files))];
  const list = path.join(PROJECT_ROOT, 'suites', 'runner', 'list.ts');
  const { stdout } = await execa(process.execPath, [list, ...files], { timeout: LIST_SECONDS * 1000 });
  return JSON.parse(stdout);
}
