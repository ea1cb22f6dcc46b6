import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type CatalogEntry, readCatalog } from '../catalog/catalog.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { NAMES } from '../pipeline/names.ts';
import { type SuiteFigures, secondsIn, suiteTable, withSuiteTable } from '../report/suite-table.ts';

const README = path.join(PROJECT_ROOT, 'README.md');

/**
 * The table of suites, for the README: tests counted from the files, seconds from the last run in out/e2e (else those
 * that the README tells). With `write` it goes into the README, else it is returned alone.
 */
export async function readmeTable(write: boolean): Promise<string> {
  const catalog = await readCatalog(PROJECT_ROOT);
  const readme = await readFile(README, 'utf8');
  const [tests, seconds] = [await testsOf(catalog), await lastSeconds()];
  const known = secondsIn(readme);
  const figures = new Map<string, SuiteFigures>(
    catalog.map(({ name, files }) => [
      name,
      {
        tests: tests.filter(({ file }) => files.includes(file)).length,
        seconds: seconds.get(name) ?? known.get(name),
      },
    ]),
  );
  const table = suiteTable(catalog, figures);
  if (write) await writeFile(README, withSuiteTable(readme, table));
  return table;
}

/** Asks the suites themselves, in a process of their own. */
async function testsOf(catalog: readonly CatalogEntry[]): Promise<{ file: string }[]> {
  const files = [...new Set(catalog.flatMap((suite) => suite.files))];
  const list = path.join(PROJECT_ROOT, 'suites', 'runner', 'list.ts');
  const { stdout } = await execa(process.execPath, [list, ...files]);
  return JSON.parse(stdout);
}

async function lastSeconds(): Promise<Map<string, number>> {
  try {
    const text = await readFile(path.join(PROJECT_ROOT, NAMES.out, 'run.json'), 'utf8');
    const run: { run?: { status?: { suites?: { name: string; seconds?: number }[] } } } = JSON.parse(text);
    const ran = (run.run?.status?.suites ?? []).filter(({ seconds = 0 }) => seconds > 0);
    return new Map(ran.map(({ name, seconds = 0 }) => [name, seconds]));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
}
