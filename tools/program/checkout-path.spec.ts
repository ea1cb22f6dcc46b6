import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { execa } from 'execa';

/** What a URL encodes: a blank, letters beyond ASCII, a percent sign, a hash. */
const NAME = '실험 lab 100% #1';
const SCOPE = '@backendai-e2e';

describe('a checkout in a folder with a blank and Hangul in its path', function () {
  this.timeout(120_000);
  const root = mkdtempSync(path.join(tmpdir(), 'e2e-path-'));
  const checkout = path.join(root, NAME);
  after(() => rmSync(root, { recursive: true, force: true }));

  before(() => {
    const parts = [
      'packages',
      'operator',
      'suites',
      'cli',
      'tools',
      'package.json',
      'package-lock.json',
      'e2e',
    ];
    for (const part of parts) {
      const filter = (file: string) => path.basename(file) !== 'node_modules';
      cpSync(path.join(PROJECT_ROOT, part), path.join(checkout, part), { recursive: true, filter });
    }
    // Packages of others are where they were. The workspaces are those of the copy.
    const [from, to] = [path.join(PROJECT_ROOT, 'node_modules'), path.join(checkout, 'node_modules')];
    mkdirSync(path.join(to, SCOPE), { recursive: true });
    for (const name of readdirSync(from)) {
      if (name !== SCOPE && name !== '.installed-lock')
        symlinkSync(path.join(from, name), path.join(to, name));
    }
    cpSync(path.join(PROJECT_ROOT, 'package-lock.json'), path.join(to, '.installed-lock'));
    const { workspaces } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8')) as {
      workspaces: string[];
    };
    for (const folder of workspaces) {
      symlinkSync(path.join(checkout, folder), path.join(to, SCOPE, path.basename(folder)));
    }
  });

  it('runs a suite', async () => {
    const { stdout } = await execa(process.execPath, ['suites/runner/main.ts'], {
      cwd: checkout,
      env: { E2E_FILES: '["bench/one-test"]' },
    });
    expect(stdout).to.include('Verdict: Passed');
  });

  it('starts the command', async () => {
    const { stdout } = await execa(path.join(checkout, 'e2e'), ['--version'], { cwd: root });
    expect(stdout).to.match(/^\d+\.\d+\.\d+/);
  });

  it('has no file whose path is taken from a URL', () => {
    const sources = globSync('{packages,operator,suites,cli,tools}/**/*.ts', {
      cwd: PROJECT_ROOT,
      exclude: (file) => file.includes('node_modules'),
    });
    expect(sources.length).to.be.greaterThan(500);
    const encoded = sources.filter((file) =>
      /import\.meta\.url\s*,?\s*\)\s*\.pathname/.test(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')),
    );
    expect(encoded).to.deep.equal([]);
  });
});
