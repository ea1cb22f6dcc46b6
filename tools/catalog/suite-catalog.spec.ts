import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type CatalogEntry, readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { generatedFiles } from './command.ts';

/** Components that a file's worlds ask for; the observer is a container of the agents. */
function askedFor(file: string): string[] {
  const source = readFileSync(path.join(PROJECT_ROOT, 'suites', `${file}.ts`), 'utf8');
  const lists = [...source.matchAll(/useWorld\(\[([^\]]*)\]/g)].map(([, list = '']) => list);
  const names = lists.flatMap((list) => [...list.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name));
  return names.map((name) => (name === 'observer' ? 'agent' : name));
}

/** Components that a file breaks, as far as its text shows. A component that is only cut off from another is not broken for others. */
function broken(file: string): string[] {
  const source = readFileSync(path.join(PROJECT_ROOT, 'suites', `${file}.ts`), 'utf8');
  const targets = source.matchAll(/target(?:: | = )\{ component: '([a-z0-9-]+)'([\s\S]{0,80})/g);
  return [...targets].flatMap(([, name = '', rest = '']) => (rest.includes('networkPartition') ? [] : name));
}

/**
 * What a file does to things that others use, as far as its text shows. It drains agents, writes the live configuration or holds
 * rows. Or it ends connections of managers, takes whole agents, or adds registries.
 */
const INVASIVE =
  /setSchedulable|config\('set', \{ key: [A-Z]|Blocker\.open|whole\(slot|RegistryAdministration|ResourceLimits/;

describe('the catalog and the suites that it lists', () => {
  let catalog: CatalogEntry[];
  before(async () => {
    catalog = await readCatalog(PROJECT_ROOT);
  });

  it('are generated from the metadata beside the suites (run "make catalog")', async function () {
    this.timeout(60_000);
    for (const [file, content] of await generatedFiles()) {
      expect(readFileSync(path.join(PROJECT_ROOT, file), 'utf8'), file).to.equal(content);
    }
  });

  it('need what their files ask for', () => {
    const missing = catalog.flatMap(({ name, files, needs = [] }) =>
      files
        .flatMap(askedFor)
        .flatMap((component) => (needs.includes(component) ? [] : `${name}: ${component}`)),
    );
    expect(missing).to.deep.equal([]);
  });

  it('claim what they break, or run alone', () => {
    const taken = catalog
      .filter(({ exclusive, claims }) => !exclusive && claims !== undefined)
      .flatMap(({ name, files, claims = [] }) =>
        files
          .flatMap(broken)
          .flatMap((component) => (claims.includes(component) ? [] : `${name}: ${component}`)),
      );
    expect(taken).to.deep.equal([]);
  });

  it('are marked as invasive or disruptive where they fill, drain, interrupt or reconfigure what others use', () => {
    const invasive = (file: string) =>
      INVASIVE.test(readFileSync(path.join(PROJECT_ROOT, 'suites', `${file}.ts`), 'utf8'));
    const found = catalog.filter(({ files }) => files.some(invasive));
    expect(found.map(({ name }) => name)).to.include('multi-component-drained-agent');
    const unmarked = found.filter((suite) => !suite.invasive && !suite.disruptive);
    expect(unmarked.map(({ name }) => name)).to.deep.equal([]);
    const extra = catalog.filter((suite) => suite.invasive && !found.includes(suite));
    expect(
      extra.map(({ name }) => name),
      'marked without a sign of it',
    ).to.deep.equal([]);
  });
});
