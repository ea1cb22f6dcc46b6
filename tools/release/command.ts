import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { buildImages } from '@backendai-e2e/cli/images/build';
import { command } from '@backendai-e2e/cli/machine/command';
import { ensureEngine } from '@backendai-e2e/cli/machine/engine';
import { PROJECT_ROOT, type Provision, ProvisionError } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { projectVersion } from '@backendai-e2e/cli/program/program';
import { notesOf, otherVersions, setVersion } from './versions.ts';

const OUT = 'out/release';
const CHARTS = ['charts/backend-ai', 'charts/e2e-operator'];
/** Images that a user installs. Those of Backend.AI are built where they are needed. */
const IMAGES = ['operator', 'suites'] as const;
/** Bash: $1 is the reference, $2 the file. Pigz is not everywhere, and gzip -1 loses little. */
const SAVE = 'docker save "$1" | gzip -1 >"$2"';

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

/**
 * `tools/dev release`: writes charts, image archives, NOTES.md and SHA256SUMS into out/release. Publishes nothing. Ends with
 * 2 where a file has another version, or the changelog has no section for it.
 */
export function releaseCommand(images: boolean): Promise<number> {
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
    await writeFile(path.join(out, 'NOTES.md'), `# ${version}\n\n${notes}`);
    const helm = await ensureTool('helm', p);
    for (const chart of CHARTS) {
      await command(p, helm, ['package', path.join(PROJECT_ROOT, chart), '--destination', out]);
    }
    if (images) await saveImages(out, version, p);
    await writeFile(path.join(out, 'SHA256SUMS'), await sumsOf(out));
    for (const file of (await readdir(out)).sort()) p.log(`${OUT}/${file}`);
    p.log(`Release ${version} is built. Nothing was published.`);
    return COMMAND_EXIT.passed;
  });
}

/** Saves each image as backendai-e2e-<name>-<version>.tar.gz under a tag of that version. */
async function saveImages(out: string, version: string, p: Provision): Promise<void> {
  await ensureEngine(p);
  const refs = await buildImages(IMAGES, p);
  for (const name of IMAGES) {
    const tag = `${refs[name].slice(0, refs[name].lastIndexOf(':'))}:${version}`;
    await command(p, 'docker', ['tag', refs[name], tag]);
    const file = path.join(out, `backendai-e2e-${name}-${version}.tar.gz`);
    await command(p, 'bash', ['-o', 'pipefail', '-c', SAVE, 'bash', tag, file], { timeoutSeconds: 600 });
    await command(p, 'docker', ['image', 'rm', tag]);
  }
}

/** Lines for sha256sum --check, of every file in the folder. */
async function sumsOf(folder: string): Promise<string> {
  const lines: string[] = [];
  for (const file of (await readdir(folder)).sort()) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path.join(folder, file))) hash.update(chunk);
    lines.push(`${hash.digest('hex')}  ${file}\n`);
  }
  return lines.join('');
}
