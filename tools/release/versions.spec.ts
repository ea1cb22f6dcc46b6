import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { chartAt, manifestAt, notesOf, otherVersions, setVersion } from './versions.ts';

const changelog = `# Changelog

## [Unreleased]

## [0.2.0] - 2026-02-03

### Added

- A thing.

## [0.1.0] - 2026-01-02

- The first.
`;

describe('a release', () => {
  it('moves the version of a package and of its workspaces, and of nothing else', () => {
    const text = JSON.stringify({
      name: '@backendai-e2e/x',
      version: '0.1.0',
      dependencies: { '@backendai-e2e/api': '0.1.0', yaml: '0.1.0' },
      devDependencies: { '@backendai-e2e/tools': '0.1.0' },
    });
    expect(JSON.parse(manifestAt(text, '0.2.0'))).to.deep.equal({
      name: '@backendai-e2e/x',
      version: '0.2.0',
      dependencies: { '@backendai-e2e/api': '0.2.0', yaml: '0.1.0' },
      devDependencies: { '@backendai-e2e/tools': '0.2.0' },
    });
  });

  it("moves a chart's version, and its appVersion where that is the project's", () => {
    const text = 'apiVersion: v2\nversion: 0.1.0\nappVersion: "9.9"\n';
    expect(chartAt(text, '0.2.0', false)).to.equal('apiVersion: v2\nversion: 0.2.0\nappVersion: "9.9"\n');
    expect(chartAt(text, '0.2.0', true)).to.equal('apiVersion: v2\nversion: 0.2.0\nappVersion: "0.2.0"\n');
  });

  it('keeps the values that the charts had at the version that it ends', async () => {
    const root = mkdtempSync(path.join(tmpdir(), 'e2e-release-'));
    const write = (file: string, text: string) => {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), text);
    };
    try {
      write('package.json', '{"version": "0.1.0"}');
      write('tools/charts/upgrades/earlier/x', '');
      for (const chart of ['e2e-operator', 'backend-ai']) {
        write(`charts/${chart}/Chart.yaml`, 'version: 0.1.0\n');
        write(`charts/${chart}/files/defaults.yaml`, `of: ${chart}\n`);
      }
      const kept = 'tools/charts/upgrades/earlier/e2e-operator-0.1.0.yaml';
      expect(await setVersion(root, '0.2.0')).to.include.members(['package.json', kept]);
      expect(readFileSync(path.join(root, kept), 'utf8')).to.equal('of: e2e-operator\n');
      expect(await setVersion(root, '0.2.0')).to.deep.equal([]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('has the notes of its own section only', () => {
    expect(notesOf(changelog, '0.2.0')).to.equal('### Added\n\n- A thing.\n');
    expect(notesOf(changelog, '0.1.0')).to.equal('- The first.\n');
    expect(() => notesOf(changelog, '0.3.0')).to.throw('CHANGELOG.md has no section for 0.3.0');
  });

  it('is possible from this checkout: every file has one version, and the changelog describes it', async () => {
    expect(await otherVersions(PROJECT_ROOT)).to.deep.equal([]);
    const read = (file: string) => readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(notesOf(read('CHANGELOG.md'), version)).not.to.equal('\n');
  });
});
