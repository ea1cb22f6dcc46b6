import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lockedPackages } from '@backendai-e2e/cli/backend-ai/lock';
import { PINNED_LOCK } from '@backendai-e2e/cli/backend-ai/pinned';
import { buildImages } from '@backendai-e2e/cli/images/build';
import { command } from '@backendai-e2e/cli/machine/command';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import { VERSIONS } from '@backendai-e2e/cli/machine/versions';
import type { Change } from '../defects/defect-list.ts';
import { changedText, fileOfModule, type MadeCommit, requirementsOf } from './edits.ts';

/** Seconds to take the sources out of an image. */
const TAKE_SECONDS = 300;
/** Bash: $1 is the image, $2 the folder. What a build of upstream makes is no source: web UI, programs for sessions. */
const TAKE_SOURCES =
  'docker run --rm --network=none "$1" tar --create --directory /opt/bai/lib/python3.13/site-packages ' +
  "--exclude=__pycache__ --exclude='ai/backend/web/static' --exclude='ai/backend/krunner' " +
  '--exclude=\'ai/backend/runner/*.bin\' ai/backend | tar --extract --no-same-owner --directory "$2"';
/** The developer of the made history. */
const AUTHOR = { name: 'Developer', email: 'developer@example.com' };

/** Calls git in a folder. Settings of this machine do not count. */
export function git(folder: string, args: string[], p: Provision): Promise<string> {
  const env = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: AUTHOR.name,
    GIT_AUTHOR_EMAIL: AUTHOR.email,
    GIT_COMMITTER_NAME: AUTHOR.name,
    GIT_COMMITTER_EMAIL: AUTHOR.email,
    // Equal sources get an equal commit in every call.
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  };
  return command(p, 'git', ['-C', folder, ...args], { timeoutSeconds: 120, env });
}

/**
 * Makes a folder in the shape of a checkout, from the packages of the pinned release. It has one commit, whose tag is the release.
 * Returns the hash of the commit.
 */
export async function makeCheckout(folder: string, p: Provision): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  const sources = path.join(folder, 'src');
  await mkdir(sources, { recursive: true });
  const image = (await buildImages(['backend-ai'], p))['backend-ai'];
  await command(p, 'bash', ['-o', 'pipefail', '-c', TAKE_SOURCES, 'bash', image, sources], {
    timeoutSeconds: TAKE_SECONDS,
  });
  await writeFile(path.join(folder, 'VERSION'), `${VERSIONS.backendAi}\n`);
  const packages = lockedPackages(await readFile(PINNED_LOCK, 'utf8'));
  await writeFile(path.join(folder, 'requirements.txt'), requirementsOf(packages));
  await git(folder, ['init', '--quiet', '--initial-branch=main'], p);
  const hash = await commitAll(folder, `Release ${VERSIONS.backendAi}`, p);
  await git(folder, ['tag', VERSIONS.backendAi], p);
  return hash;
}

/** Commits everything. Returns the hash. */
async function commitAll(folder: string, subject: string, p: Provision): Promise<string> {
  await git(folder, ['add', '--all'], p);
  await git(folder, ['commit', '--quiet', '--no-gpg-sign', '--message', subject], p);
  return (await git(folder, ['rev-parse', 'HEAD'], p)).trim();
}

/** Changes one module of a checkout, without a commit. */
export async function edit(folder: string, change: Change): Promise<void> {
  const file = path.join(folder, 'src', fileOfModule(change.module));
  await writeFile(file, changedText(await readFile(file, 'utf8'), change));
}

/** Adds a comment to a file below `src`: an edit that changes nothing. */
export async function comment(folder: string, file: string, text: string): Promise<void> {
  const full = path.join(folder, 'src', file);
  await writeFile(full, `${await readFile(full, 'utf8')}\n# ${text}\n`);
}

/** Commits a made history. Returns the hashes, in its order. */
export async function commitHistory(
  folder: string,
  history: readonly MadeCommit[],
  p: Provision,
): Promise<string[]> {
  const hashes: string[] = [];
  for (const { subject, file, change } of history) {
    if (change) await edit(folder, change);
    else await comment(folder, file, subject);
    hashes.push(await commitAll(folder, subject, p));
  }
  return hashes;
}
