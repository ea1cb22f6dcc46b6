import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildImages } from '@backendai-e2e/cli/images/build';
import { command, tryCommand } from '@backendai-e2e/cli/machine/command';
import { ensureEngine } from '@backendai-e2e/cli/machine/engine';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { imageArchive } from './image-archive.ts';
import { componentsOf, goComponents, nodeComponents } from './image-components.ts';
import type { Artifact } from './provenance.ts';
import { type Component, spdxOf } from './sbom.ts';

/** Images that a user installs. Those of Backend.AI are built where they are needed. */
const IMAGES = ['operator', 'suites'] as const;
/** Bash: $1 is the reference, $2 the folder. */
const UNPACK = 'docker save "$1" | tar --extract --directory "$2"';
/** Bash: $1 is the folder, $2 the time, $3 the file. Equal contents give equal bytes. gzip -1 loses little. */
const PACK =
  'tar --create --sort=name --mtime="@$2" --owner=0 --group=0 --numeric-owner --directory "$1" . | gzip -n -1 >"$3"';

/**
 * Writes of each image `backendai-e2e-<name>-<version>.tar.gz`, without the times of its build, and its bill of materials as
 * `.spdx.json` beside it.
 * @param seconds since 1970 that everything gets as its time
 * @returns name and digest of each image's manifest
 */
export async function saveImages(
  out: string,
  version: string,
  seconds: number,
  p: Provision,
): Promise<Artifact[]> {
  await ensureEngine(p);
  const refs = await buildImages(IMAGES, p);
  const saved: Artifact[] = [];
  for (const name of IMAGES) {
    const file = path.join(out, `backendai-e2e-${name}-${version}`);
    const tag = `${refs[name].slice(0, refs[name].lastIndexOf(':'))}:${version}`;
    const { digest, layers } = await saveImage(refs[name], tag, `${file}.tar.gz`, seconds, p);
    const components = [...componentsOf(layers), ...nodeComponents(process.versions)];
    if (name === 'operator') components.push(...(await helmComponents(p)));
    const subject = { name: `backendai-e2e-${name}`, version, digest };
    await writeFile(`${file}.spdx.json`, spdxOf(subject, components, seconds));
    p.log(`${tag}: ${digest}, ${components.length} packages`);
    saved.push({ name: tag, sha256: digest.replace('sha256:', '') });
  }
  return saved;
}

async function saveImage(ref: string, tag: string, file: string, seconds: number, p: Provision) {
  const contexts = path.join(p.cacheDir, 'contexts');
  await mkdir(contexts, { recursive: true });
  const work = await mkdtemp(path.join(contexts, 'release-'));
  try {
    const [from, to] = [path.join(work, 'saved'), path.join(work, 'archive')];
    await mkdir(from);
    const bash = (script: string, ...args: string[]) =>
      command(p, 'bash', ['-o', 'pipefail', '-c', script, 'bash', ...args], { timeoutSeconds: 600 });
    await bash(UNPACK, ref, from);
    const archive = imageArchive((each) => readFileSync(path.join(from, each)), tag, seconds);
    for (const { path: name, content } of archive.files) {
      await mkdir(path.dirname(path.join(to, name)), { recursive: true });
      await writeFile(path.join(to, name), content, { mode: 0o644 });
    }
    await bash(PACK, to, String(seconds), file);
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Helm in the operator's image, and the modules that it is made of where Go can read them. */
async function helmComponents(p: Provision): Promise<Component[]> {
  const helm = await ensureTool('helm', p, { fromPath: false });
  return goComponents((await tryCommand(p, 'go', ['version', '-m', helm])) ?? '');
}
