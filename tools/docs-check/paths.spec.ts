import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { documents, namedPaths, pathExists } from './paths.ts';

describe('the documents', () => {
  it('name only files and folders that exist', () => {
    const named = documents().flatMap(namedPaths);
    expect(named.length).to.be.greaterThan(150);
    const lost = named.filter((one) => !pathExists(one.path));
    expect(lost.map((one) => `${one.file}:${one.line}: ${one.path}`)).to.deep.equal([]);
  });

  it('link from the root only to files that exist', () => {
    const roots = documents().filter((file) => !file.includes('/'));
    expect(roots).to.include.members(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']);
    const dead = roots.flatMap((file) =>
      [...readFileSync(path.join(PROJECT_ROOT, file), 'utf8').matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !pathExists(target))
        .map((target) => `${file}: ${target}`),
    );
    expect(dead).to.deep.equal([]);
  });

  it('of the glossary say for each term where it lives', () => {
    const rows = readFileSync(path.join(PROJECT_ROOT, 'docs/glossary.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (term|---)/.test(line));
    expect(rows.length).to.be.greaterThan(50);
    const places = new Set(namedPaths('docs/glossary.md').map((one) => one.path));
    const homeless = rows.filter((row) => {
      const where = row.split('|').at(-2) ?? '';
      return ![...where.matchAll(/`([^`]+)`/g)].some(([, code = '']) => places.has(code));
    });
    expect(homeless).to.deep.equal([]);
  });
});

describe('the tables of docs/architecture.md', () => {
  it('name every folder of the workspaces', () => {
    const named = new Set(namedPaths('docs/architecture.md').map((one) => one.path));
    const below = (pattern: string): string[] =>
      globSync(`${pattern}/*/`, {
        cwd: PROJECT_ROOT,
        exclude: (name) => name.includes('node_modules') || name.includes('dist'),
      }).map((folder) => folder.replace(/\/$/, ''));
    // A folder that only divides others is named by them.
    const folders = below('{packages,operator,suites,cli,tools}').flatMap((folder) =>
      globSync(`${folder}/*.*`, { cwd: PROJECT_ROOT }).length > 0 ? [folder] : below(folder),
    );
    expect(folders.length).to.be.greaterThan(40);
    expect(folders.filter((folder) => !named.has(folder))).to.deep.equal([]);
  });
});

describe('a walk of docs/architecture.md', () => {
  const text = readFileSync(path.join(PROJECT_ROOT, 'docs/architecture.md'), 'utf8');
  const walks = [...text.matchAll(/^## (Walk \d: .*)\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)];

  it('exists for a run, a test result and a fault', () => {
    expect(walks).to.have.length(3);
  });

  for (const [, title = '', body = ''] of walks) {
    it(`passes each file once: ${title}`, () => {
      const steps = [...body.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, step = '']) => step);
      expect(steps.length).to.be.greaterThan(8);
      expect(steps.filter((step, index) => steps.indexOf(step) !== index)).to.deep.equal([]);
      expect(steps.filter((step) => !pathExists(step))).to.deep.equal([]);
      expect(body).to.match(/```mermaid/);
    });
  }

  it('together with the others passes every file of the folders for runs, attempts, reports and faults', () => {
    const passed = new Set([...text.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, step = '']) => step));
    const sources = globSync('operator/{runs,attempts,reports,faults}/*.ts', { cwd: PROJECT_ROOT }).filter(
      (file) => !/(?:\.spec|\.integration|-fixtures)\.ts$/.test(file),
    );
    expect(sources.length).to.be.greaterThan(30);
    expect(sources.filter((file) => !passed.has(file))).to.deep.equal([]);
  });
});
