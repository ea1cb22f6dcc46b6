import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisionError } from '@backendai-e2e/cli/machine/provision';

/** Scope of the workspaces' names; a dependency on one of them carries the project's version. */
const SCOPE = '@backendai-e2e/';
/** Charts of the project, and whether their appVersion is the project's too. */
const CHARTS = [
  { file: 'charts/e2e-operator/Chart.yaml', app: true },
  { file: 'charts/backend-ai/Chart.yaml', app: false },
];
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

interface Manifest {
  version: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** The text of a package.json at another version; its dependencies on workspaces follow. Pure. */
export function manifestAt(text: string, version: string): string {
  const manifest = JSON.parse(text) as Manifest;
  for (const set of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(set ?? {})) if (set && name.startsWith(SCOPE)) set[name] = version;
  }
  return `${JSON.stringify({ ...manifest, version }, null, 2)}\n`;
}

/** The text of a Chart.yaml at another version. Pure. */
export function chartAt(text: string, version: string, app: boolean): string {
  const chart = text.replace(/^version: .*$/m, `version: ${version}`);
  return app ? chart.replace(/^appVersion: .*$/m, `appVersion: "${version}"`) : chart;
}

/** Folder with the values of earlier versions of the charts, for the tests of upgrades. */
const EARLIER_VALUES = 'tools/charts/upgrades/earlier';

/**
 * Writes a version into every package.json and Chart.yaml below `root`. Keeps the values that the charts had in the version
 * before. Returns the files that changed.
 */
export async function setVersion(root: string, version: string): Promise<string[]> {
  if (!VERSION.test(version)) {
    throw new ProvisionError(`"${version}" is not a version`, 'Give three numbers, for example 0.3.0.');
  }
  const changed: string[] = [];
  const change = async (file: string, edit: (text: string) => string): Promise<void> => {
    const before = await readFile(path.join(root, file), 'utf8');
    const after = edit(before);
    if (after === before) return;
    await writeFile(path.join(root, file), after);
    changed.push(file);
  };
  const ended = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Manifest;
  for (const { file } of version === ended.version ? [] : CHARTS) {
    const chart = path.dirname(file);
    const kept = path.join(EARLIER_VALUES, `${path.basename(chart)}-${ended.version}.yaml`);
    await cp(path.join(root, chart, 'files/defaults.yaml'), path.join(root, kept));
    changed.push(kept);
  }
  for (const file of await manifests(root)) await change(file, (text) => manifestAt(text, version));
  for (const { file, app } of CHARTS) await change(file, (text) => chartAt(text, version, app));
  return changed;
}

/** Files whose version is not the root's. */
export async function otherVersions(root: string): Promise<string[]> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const differ = async (file: string, edit: (text: string) => string): Promise<string[]> => {
    const text = await readFile(path.join(root, file), 'utf8');
    return edit(text) === text ? [] : [file];
  };
  const found = [
    ...(await manifests(root)).map((file) => differ(file, (text) => manifestAt(text, version))),
    ...CHARTS.map(({ file, app }) => differ(file, (text) => chartAt(text, version, app))),
  ];
  return (await Promise.all(found)).flat();
}

async function manifests(root: string): Promise<string[]> {
  const { workspaces = [] } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Manifest;
  return ['package.json', ...workspaces.map((folder) => `${folder}/package.json`)];
}

/** The section of a version in the text of CHANGELOG.md, without its heading. Throws where there is none. Pure. */
export function notesOf(changelog: string, version: string): string {
  const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\].*$`, 'm').exec(changelog);
  if (!heading) {
    throw new ProvisionError(
      `CHANGELOG.md has no section for ${version}`,
      `Rename "## [Unreleased]" to "## [${version}] - <date>", then try again.`,
    );
  }
  const rest = changelog.slice(heading.index + heading[0].length);
  const end = rest.search(/^## /m);
  return `${(end < 0 ? rest : rest.slice(0, end)).trim()}\n`;
}
