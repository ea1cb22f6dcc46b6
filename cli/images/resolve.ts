import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { releaseBelow } from '../backend-ai/checkout.ts';
import { choiceInWords, machineOf, type Source } from '../backend-ai/choice.ts';
import {
  checkoutWanted,
  compileArguments,
  lockedRelease,
  preferring,
  releaseWanted,
  unresolvable,
  type Wanted,
  WHEELS_PLACE,
  wheelsWanted,
} from '../backend-ai/lock.ts';
import type { BackendAi } from '../backend-ai/packages.ts';
import { PINNED_LOCK } from '../backend-ai/pinned.ts';
import { chooseRelease, publishedReleases } from '../backend-ai/release.ts';
import { CommandError, commandWithRetry } from '../machine/command.ts';
import { unlessMissing } from '../machine/optional-file.ts';
import { ProvisionError } from '../machine/provision.ts';
import { VERSIONS } from '../machine/versions.ts';
import { contentKey, pathParts } from './content-key.ts';
import { proxyArgs } from './docker.ts';
import type { Builder } from './extras.ts';

/** Seconds for the package index to answer, and for uv to resolve: 8 s on two idle cores. */
const LIST_SECONDS = 120;
const RESOLVE_SECONDS = 600;

/** The release of versions.json, whose lock is in git. */
export async function pinnedBackendAi(): Promise<BackendAi> {
  return { title: VERSIONS.backendAi, lock: await readFile(PINNED_LOCK, 'utf8') };
}

/** Where uv runs, and for which processor. */
type UvBuilder = Pick<Builder, 'p' | 'build' | 'keyOf' | 'backendAi'>;

/**
 * The packages of a choice, locked; undefined where it is the pinned release. A lock is made once and kept in the cache, by what
 * was asked for.
 * @throws ProvisionError for a release that does not exist, or packages that do not go together
 */
export async function resolveBackendAi(choice: Source, builder: UvBuilder): Promise<BackendAi | undefined> {
  const { backendAi: pinned } = builder;
  if (choice.kind === 'checkout') {
    const release = await publishedBelow(choice.version, builder);
    const { folder, version, commit, modified } = choice;
    const isPinned = release === VERSIONS.backendAi && choice.requirements.length === 0;
    const wanted = over(release, checkoutWanted(release, choice.requirements), pinned);
    return {
      title: `${choiceInWords(choice)} over the packages of ${release}`,
      lock: isPinned ? pinned.lock : await locked(builder, choice, wanted),
      checkout: {
        folder,
        version,
        ...(commit === undefined ? {} : { commit }),
        ...(modified === undefined ? {} : { modified }),
      },
    };
  }
  if (choice.kind === 'wheels') {
    const release = await publishedBelow(choice.release, builder);
    const files = choice.wheels.map(({ file }) => file);
    return {
      title: `${choiceInWords(choice)}, the rest from ${release}`,
      lock: await locked(builder, choice, over(release, wheelsWanted(release, choice.wheels), pinned)),
      wheels: { folder: choice.folder, files },
    };
  }
  if (choice.kind === 'release' && choice.version === VERSIONS.backendAi) return undefined;
  // A release that was locked before exists: the index need not be asked.
  const known = choice.kind === 'release' && (await heldLock(builder, choice, releaseWanted(choice.version)));
  const release = known ? choice.version : chooseRelease(choice, await published(builder));
  if (release === VERSIONS.backendAi) return undefined;
  const exact: Source = { kind: 'release', version: release };
  return { title: release, lock: known || (await locked(builder, exact, releaseWanted(release))) };
}

/** What is wanted over a release. Over the pinned one, its lock holds where it fits, and so do its layers. */
function over(release: string, wanted: Wanted, pinned: BackendAi): Wanted {
  return release === VERSIONS.backendAi ? preferring(wanted, pinned.lock) : wanted;
}

/** The published release that sources or wheels of this version lie on. The pinned one is published: the index need not be asked. */
async function publishedBelow(version: string, builder: UvBuilder): Promise<string> {
  return version === VERSIONS.backendAi ? version : releaseBelow(version, await published(builder));
}

/** Resolves a release again, and returns its lock. */
export async function lockOfRelease(version: string, builder: UvBuilder): Promise<string> {
  return locked(builder, { kind: 'release', version }, releaseWanted(version), false);
}

/** All releases that the package index has, as pip lists them. */
export async function published(builder: Pick<UvBuilder, 'p' | 'build'>): Promise<string[]> {
  const what = ['pip', '--disable-pip-version-check', 'index', 'versions', '--pre', 'backend.ai-manager'];
  try {
    return publishedReleases(await inUv(builder, what, { timeoutSeconds: LIST_SECONDS, log: 'releases' }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ProvisionError(
      `The package index did not list the releases of Backend.AI: ${error.tail.split('\n').at(-1) ?? ''}`,
      'Look at the network and the proxy settings, then run the command again.',
      { cause: error },
    );
  }
}

async function locked(builder: UvBuilder, choice: Source, wanted: Wanted, mayBeHeld = true): Promise<string> {
  const held = mayBeHeld ? await heldLock(builder, choice, wanted) : undefined;
  if (held !== undefined) return held;
  const { p } = builder;
  const started = Date.now();
  const folder = path.join(p.cacheDir, 'contexts');
  const files = { requirements: '/tmp/part00', overrides: '/tmp/part01', lock: '/tmp/part02' };
  // All files go in as the input of the shell. An engine on another host sees no folder of this machine.
  const { requirements, overrides, preferred = '' } = wanted;
  const input = [...requirements, '#--', ...overrides, '#--', preferred].join('\n');
  const split = "csplit --quiet --prefix=/tmp/part /tmp/all '/^#--$/' '{*}'";
  const uv = compileArguments(machineOf(process.arch), files).join(' ');
  const mounts = choice.kind === 'wheels' ? ['--volume', `${choice.folder}:${WHEELS_PLACE}:ro`] : [];
  let lock: string;
  try {
    lock = await inUv(builder, ['sh', '-euc', `cat > /tmp/all; ${split}; uv ${uv}; exec cat ${files.lock}`], {
      timeoutSeconds: RESOLVE_SECONDS,
      log: 'resolve-backend-ai',
      input: `${input}\n`,
      mounts,
    });
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === undefined || error.exitCode >= 125)
      throw error;
    throw unresolvable(choiceInWords(choice), error.tail);
  }
  p.log(`Backend.AI ${lockedRelease(lock)}: locked in ${((Date.now() - started) / 1_000).toFixed(1)} s`);
  const file = await lockFile(builder, choice, wanted);
  await mkdir(folder, { recursive: true });
  await mkdir(path.dirname(file), { recursive: true });
  // Whole or not at all: an interrupted run must not leave half a lock.
  const half = path.join(folder, `${path.basename(file)}.${process.pid}`);
  await writeFile(half, `${lock}\n`);
  await rename(half, file);
  return `${lock}\n`;
}

async function heldLock(builder: UvBuilder, choice: Source, wanted: Wanted): Promise<string | undefined> {
  return unlessMissing(readFile(await lockFile(builder, choice, wanted), 'utf8'));
}

/** The file of a lock. Its name covers the whole query, the version of uv and the content of wheels. */
async function lockFile(builder: UvBuilder, choice: Source, wanted: Wanted): Promise<string> {
  const parts: Record<string, string> = {
    machine: process.arch,
    requirements: wanted.requirements.join('\n'),
    overrides: wanted.overrides.join('\n'),
    ...(wanted.preferred === undefined ? {} : { preferred: wanted.preferred }),
    uv: await builder.keyOf('uv'),
  };
  for (const { file } of choice.kind === 'wheels' ? choice.wheels : []) {
    const [hash] = Object.values(await pathParts(path.join((choice as { folder: string }).folder, file)));
    parts[`wheel ${file}`] = hash ?? '';
  }
  return path.join(builder.p.cacheDir, 'backend-ai', `${contentKey(parts)}.txt`);
}

/** Output of a program of the image "uv", which reaches the package index as a build of an image does. */
async function inUv(
  { p, build }: Pick<UvBuilder, 'p' | 'build'>,
  program: string[],
  options: { timeoutSeconds: number; log: string; input?: string; mounts?: string[] },
): Promise<string> {
  const { mounts = [], ...rest } = options;
  const proxies = Object.entries(proxyArgs(process.env)).flatMap(([name, value]) => [
    '--env',
    `${name}=${value}`,
  ]);
  const run = ['run', '--rm', '--interactive', ...proxies, ...mounts, await build('uv'), ...program];
  return commandWithRetry(p, 'docker', run, rest);
}
