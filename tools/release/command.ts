import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { command, tryCommand } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision, ProvisionError } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { projectVersion } from '@backendai-e2e/cli/program/program';
import { saveImages } from './images.ts';
import { type Artifact, provenanceOf, type Source } from './provenance.ts';
import { stableNpmSpdx } from './sbom.ts';
import { HOW_TO_CHECK, signFile } from './signature.ts';
import { withTime } from './tar.ts';
import { notesOf, otherVersions, setVersion } from './versions.ts';

const OUT = 'out/release';
const CHARTS = ['charts/backend-ai', 'charts/e2e-operator'];

/** `tools/dev set-version VERSION`. */
export function setVersionCommand(version: string): Promise<number> {
  return withProvision(async (p) => {
    for (const file of await setVersion(PROJECT_ROOT, version)) p.log(`${file} is at ${version}`);
    await command(p, 'npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
      cwd: PROJECT_ROOT,
      timeoutSeconds: 300,
      remedy: 'Run npm install --package-lock-only by hand: package-lock.json still has the old version.',
    });
    p.log('package-lock.json follows. Add the section of this version to CHANGELOG.md.');
    return COMMAND_EXIT.passed;
  });
}

/** Files that decide what is built, beside the sources. */
const MATERIALS = ['package-lock.json', 'versions.json'];

/**
 * `tools/dev release`: writes into out/release the charts, the image archives, bills of materials, NOTES.md, provenance and
 * SHA256SUMS. With a key, it signs the sums. Publishes nothing. Equal commits give equal files. Ends with 2 where a file has
 * another version, or the changelog has no section for it.
 * @param images whether to build the images
 * @param key private key: see signature.ts
 */
export function releaseCommand(images: boolean, key?: string): Promise<number> {
  return withProvision(async (p) => {
    const version = projectVersion();
    const others = await otherVersions(PROJECT_ROOT);
    if (others.length > 0) {
      throw new ProvisionError(
        `package.json is at ${version}, and these files are not: ${others.join(', ')}`,
        `Run tools/dev set-version ${version}.`,
      );
    }
    const notes = notesOf(await readFile(path.join(PROJECT_ROOT, 'CHANGELOG.md'), 'utf8'), version);
    const out = path.join(PROJECT_ROOT, OUT);
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const { seconds, ...source } = await sourceOf(p);
    if (source.modified) p.log('files of the checkout differ from its commit: the provenance says so');
    await writeFile(path.join(out, 'NOTES.md'), `# ${version}\n\n${notes}${HOW_TO_CHECK}`);
    await packCharts(out, seconds, p);
    await writeFile(path.join(out, `backendai-e2e-npm-${version}.spdx.json`), await npmSpdx(seconds, p));
    const built = images ? await saveImages(out, version, seconds, p) : [];
    const materials = await Promise.all(
      MATERIALS.map(async (name) => ({ name, sha256: await sumOf(path.join(PROJECT_ROOT, name)) })),
    );
    const provenance = provenanceOf(version, source, [...built, ...(await sumsOf(out))], materials);
    await writeFile(path.join(out, `backendai-e2e-${version}.provenance.json`), provenance);
    const sums = path.join(out, 'SHA256SUMS');
    await writeFile(sums, (await sumsOf(out)).map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
    if (key) await signFile(sums, key, p);
    for (const file of (await readdir(out)).sort()) p.log(`${OUT}/${file}`);
    p.log(`Release ${version} is built${key ? ' and signed' : ''}. Nothing was published.`);
    return COMMAND_EXIT.passed;
  });
}

/** Packs the charts. Helm writes the time of packing into them, which is replaced. */
async function packCharts(out: string, seconds: number, p: Provision): Promise<void> {
  const helm = await ensureTool('helm', p);
  for (const chart of CHARTS) {
    await command(p, helm, ['package', path.join(PROJECT_ROOT, chart), '--destination', out]);
  }
  for (const name of await readdir(out)) {
    if (!name.endsWith('.tgz')) continue;
    const file = path.join(out, name);
    await writeFile(file, gzipSync(withTime(gunzipSync(await readFile(file)), seconds)));
  }
}

/** Every package of package-lock.json. */
async function npmSpdx(seconds: number, p: Provision): Promise<string> {
  const args = ['sbom', '--sbom-format=spdx', '--package-lock-only'];
  const remedy = 'Use the npm that comes with Node.js 20 or later.';
  return stableNpmSpdx(await command(p, 'npm', args, { cwd: PROJECT_ROOT, remedy }), seconds);
}

/** The commit, and the time of everything in the release: $SOURCE_DATE_EPOCH, else that of the commit. */
async function sourceOf(p: Provision): Promise<Source & { seconds: number }> {
  const git = (...args: string[]) => tryCommand(p, 'git', ['-C', PROJECT_ROOT, ...args]);
  const [commit, time, changes] = [
    await git('rev-parse', 'HEAD'),
    await git('log', '-1', '--format=%ct'),
    await git('status', '--porcelain'),
  ];
  const seconds = Number(process.env.SOURCE_DATE_EPOCH || time || 0);
  if (!Number.isSafeInteger(seconds) || seconds < 0) {
    throw new ProvisionError(
      `SOURCE_DATE_EPOCH is "${process.env.SOURCE_DATE_EPOCH}"`,
      'Give whole seconds since 1970, or unset it.',
    );
  }
  return { commit: commit?.trim() || undefined, modified: (changes ?? '').trim() !== '', seconds };
}

/** Every file in the folder with its SHA-256, in the order of the names. */
async function sumsOf(folder: string): Promise<Artifact[]> {
  const files = (await readdir(folder)).sort();
  return Promise.all(files.map(async (name) => ({ name, sha256: await sumOf(path.join(folder, name)) })));
}

async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
