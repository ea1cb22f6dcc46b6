import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { command, commandWithRetry } from '../machine/command.ts';
import { aptUpdate, hasCommand, installPackages } from '../machine/engine.ts';
import { inspectHost } from '../machine/host.ts';
import { withLock } from '../machine/lock.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';
import { VERSIONS } from '../machine/versions.ts';
import { imageId, imageSource, pull, REPOSITORY } from './docker.ts';

const LOCAL = `${REPOSITORY}/debian:${VERSIONS.debian}`;

/**
 * Provides the Debian image that all of ours are built on, and returns its reference. It comes from a registry where one
 * answers, and otherwise from debootstrap. An image that the engine already has is used without a query.
 * @throws ProvisionError where neither works
 */
export async function ensureDebian(p: Provision): Promise<string> {
  const source = imageSource(process.env);
  if (source !== 'local') {
    if (await imageId(p, VERSIONS.debianImage)) return VERSIONS.debianImage;
    // Queried only where none was made here before. The answer must not change all keys from one run to the next.
    if (source === 'registry' || !(await imageId(p, LOCAL))) {
      p.log(`asking the registry for ${VERSIONS.debianImage}`);
      if (await pull(p, VERSIONS.debianImage)) return VERSIONS.debianImage;
      if (source === 'registry') {
        throw new ProvisionError(
          `No registry gave ${VERSIONS.debianImage}, and E2E_IMAGES=registry allows no other way.`,
          'Unset E2E_IMAGES to build it here, or see what "docker pull" says.',
        );
      }
    }
  }
  if (!(await imageId(p, LOCAL))) await importDebian(p);
  return LOCAL;
}

async function importDebian(p: Provision): Promise<void> {
  const tar = path.join(p.cacheDir, 'debian', `${VERSIONS.debian}.tar`);
  await withLock(p, 'debian', async () => {
    if (!existsSync(tar)) await bootstrapDebian(p, tar);
  });
  await command(p, 'docker', ['import', '--change', 'CMD ["bash"]', tar, LOCAL], {
    timeoutSeconds: 300,
    log: 'import-debian',
  });
}

async function bootstrapDebian(p: Provision, tar: string): Promise<void> {
  const host = await inspectHost();
  if (!host.root) {
    throw new ProvisionError(
      `No registry gave ${VERSIONS.debianImage}, and only root can make a Debian base image here.`,
      'Connect this machine to a registry, or run this as root once.',
    );
  }
  if (!(await hasCommand(p, 'debootstrap'))) {
    await aptUpdate(p);
    await installPackages(p, ['debootstrap']);
  }
  p.log(`no registry answers: making the Debian ${VERSIONS.debian} base image with debootstrap`);
  await mkdir(path.dirname(tar), { recursive: true });
  const work = await mkdtemp(path.join(path.dirname(tar), 'bootstrap-'));
  try {
    const root = path.join(work, 'root');
    await commandWithRetry(p, 'debootstrap', ['--variant=minbase', VERSIONS.debian, root], {
      timeoutSeconds: 1_200,
      log: 'debootstrap',
    });
    await addUpdates(path.join(root, 'etc/apt/sources.list'));
    const packed = path.join(work, 'root.tar');
    await command(
      p,
      'tar',
      [
        '--numeric-owner',
        '--exclude=./var/cache/apt/*',
        '--exclude=./var/lib/apt/lists/*',
        '--exclude=./dev/*',
        '-C',
        root,
        '-cf',
        packed,
        '.',
      ],
      { timeoutSeconds: 300 },
    );
    await rename(packed, tar);
    p.log(`Debian ${VERSIONS.debian}: ${Math.round((await stat(tar)).size / 1e6)} MB`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Adds the release's updates and security fixes to a sources.list that debootstrap wrote. Debian serves the latter beside
 * the main archive, in a folder whose name ends in "-security".
 */
async function addUpdates(file: string): Promise<void> {
  const match = /^deb (\S+?)\/? (\S+) (.+)$/m.exec(await readFile(file, 'utf8'));
  if (match === null) return;
  const [, mirror, release, components] = match;
  await appendFile(
    file,
    `deb ${mirror} ${release}-updates ${components}\ndeb ${mirror}-security ${release}-security ${components}\n`,
  );
}
