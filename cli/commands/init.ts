import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { CATALOG_FILE } from '../catalog/catalog.ts';
import { catalogText, readSuiteFiles, SUITE_FILE_SUFFIX } from '../catalog/suite-files.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { endingOfError } from '../runs/ending.ts';

/** The names of a new suite. */
export interface NewSuite {
  /** TestSuite, for example "storage-rename-folder". */
  name: string;
  area: string;
  /** Relative to suites/, without extension: "storage/rename-folder". */
  file: string;
}

/**
 * The suite that "area/file" or "area-file" names; in the second form the area is the longest one that exists.
 * Throws an Error that describes a valid name. Pure.
 */
export function suiteNamed(text: string, areas: readonly string[]): NewSuite {
  const word = /^[a-z0-9]+(-[a-z0-9]+)*$/;
  const area = text.includes('/')
    ? (text.split('/', 1)[0] ?? '')
    : areas.filter((one) => text.startsWith(`${one}-`)).sort((a, b) => b.length - a.length)[0];
  const rest = area === undefined ? '' : text.slice(area.length + 1);
  if (area === undefined || !word.test(area) || !word.test(rest)) {
    throw new Error(
      `a suite is called <area>/<file>, in small letters, digits and dashes, for example storage/rename-folder; not ${JSON.stringify(text)}. Areas there are: ${areas.join(', ')}`,
    );
  }
  const name = `${area}-${rest}`;
  // Room for the run's name and the attempt in a label.
  if (name.length > LENGTHS.name) {
    throw new Error(`the name ${name} is longer than ${LENGTHS.name} characters`);
  }
  return { name, area, file: `${area}/${rest}` };
}

/** The file of a new suite: one test that passes against a deployment that answers. */
export function suiteText({ file }: NewSuite): string {
  const title = (file.split('/')[1] ?? file).replaceAll('-', ' ');
  return `import { expect } from 'chai';
import { useWorld } from '../fixtures/world.ts';

describe('${title}', () => {
  const world = useWorld(['manager', 'agent']);

  it('finds every agent, of the deployed version', async () => {
    const { agents, version } = world().connection;
    const found = await world().admin.agents();
    expect(found.map((agent) => agent.id)).to.have.members(agents.map((agent) => agent.id));
    for (const agent of found) expect(agent.version, agent.id).to.equal(version);
  });
});
`;
}

/** The metadata of a new suite. */
const METADATA = `description: Says what the suite proves, in one sentence.
timeoutSeconds: 300
needs: [manager, agent]
slow: true
`;

/** `e2e init suite NAME`: writes the suite and its metadata, and brings the catalog up to date. Changes nothing where one exists. */
export async function initSuiteCommand(text: string, root = PROJECT_ROOT): Promise<number> {
  try {
    const catalog = await readSuiteFiles(root);
    const suite = suiteNamed(text, [...new Set(catalog.map((entry) => entry.area))]);
    const file = path.join(root, 'suites', `${suite.file}.ts`);
    const metadata = path.join(root, 'suites', `${suite.file}${SUITE_FILE_SUFFIX}`);
    for (const one of [file, metadata]) {
      if (existsSync(one)) throw new Error(`${path.relative(root, one)} exists already`);
    }
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, suiteText(suite), { flag: 'wx' });
    await writeFile(metadata, METADATA, { flag: 'wx' });
    await writeFile(path.join(root, CATALOG_FILE), catalogText(await readSuiteFiles(root)));
    console.log(
      [
        `suites/${suite.file}.ts   the suite, with one test that passes`,
        `suites/${suite.file}${SUITE_FILE_SUFFIX}   its metadata`,
        `Try it: ./e2e kind --reuse --suites ${suite.name}`,
        'Run "make catalog" when you are done: it writes docs/suites.md.',
      ].join('\n'),
    );
    return COMMAND_EXIT.passed;
  } catch (error) {
    console.error(`e2e: ${endingOfError(error).sentence}`);
    return COMMAND_EXIT.couldNotRun;
  }
}
