import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { componentsOf } from '../backend-ai/owners.ts';
import { command, tryCommand } from '../machine/command.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';
import type { Build } from './builds.ts';

/** What a checkout is, as far as a bisection needs it. */
export interface CheckoutHead {
  folder: string;
  hash: string;
  subject: string;
  /** Whether its sources differ from the commit. */
  modified: boolean;
}

/** Seconds for git to read history, and to write the files of a commit. */
const READ_SECONDS = 60;
const WRITE_SECONDS = 300;
/** Migrations of the manager's and the app proxy's database. */
const MIGRATION = /^src\/ai\/backend\/.*\/alembic\/versions\/.*\.py$/;
/** Between hash and subject. A subject is one line. */
const FORMAT = '%H %s';

/** The last build of a checkout: its edits, or else its commit. */
export function headBuild({ folder, hash, subject, modified }: CheckoutHead): Build {
  return modified ? { kind: 'edits', folder, hash } : { kind: 'commit', hash, subject };
}

/** Reads the commit that a checkout stands on. @throws ProvisionError for a folder without commits */
export async function readHead(folder: string, modified: boolean, p: Provision): Promise<CheckoutHead> {
  const line = await tryCommand(p, 'git', ['-C', folder, 'log', '-1', `--format=${FORMAT}`]);
  const [commit] = commitsIn(line ?? '');
  if (commit?.kind === 'commit') return { folder, hash: commit.hash, subject: commit.subject, modified };
  throw new ProvisionError(
    `${folder} has no commits to search.`,
    'Name a git checkout of Backend.AI, or a release.',
  );
}

/**
 * The commits of a checkout since a release, oldest first, along first parents. Without a tag of the release these are all
 * commits that the checkout has.
 */
export async function commitsSince(release: string, head: CheckoutHead, p: Provision): Promise<Build[]> {
  const base = await commitOfRelease(release, head, p);
  const range = base === undefined ? head.hash : `${base}..${head.hash}`;
  const log = ['-C', head.folder, 'log', '--first-parent', '--reverse', `--format=${FORMAT}`, range];
  const commits = commitsIn(await command(p, 'git', log, { timeoutSeconds: READ_SECONDS }));
  return head.modified ? [...commits, headBuild(head)] : commits;
}

/** The last commit that a release and the checkout share; undefined without a tag of the release. */
async function commitOfRelease(
  release: string,
  { folder, hash }: CheckoutHead,
  p: Provision,
): Promise<string | undefined> {
  for (const tag of [release, `v${release}`]) {
    const base = await tryCommand(p, 'git', ['-C', folder, 'merge-base', `refs/tags/${tag}`, hash]);
    if (base?.trim()) return base.trim();
  }
  return undefined;
}

/**
 * Refuses a search on one database, which later builds have migrated, where an earlier build could not use it.
 * @throws ProvisionError where the search covers several releases, or commits that change migrations
 */
export async function refuseOtherDatabase(
  builds: readonly Build[],
  head: CheckoutHead | undefined,
  p: Provision,
): Promise<void> {
  const remedy = 'Leave out --reuse, so that each trial has a database of its own.';
  const [release, last, more] = builds;
  if (!head || release?.kind !== 'release' || more !== undefined || last === undefined) {
    throw new ProvisionError('--reuse searches the commits of one release, not several releases.', remedy);
  }
  const base = await commitOfRelease(release.version, head, p);
  if (base === undefined) {
    throw new ProvisionError(`${head.folder} has no tag of ${release.version}, which --reuse needs.`, remedy);
  }
  const diff = ['-C', head.folder, 'diff', '--name-only', '--relative', base];
  const changed = await command(p, 'git', diff, { timeoutSeconds: READ_SECONDS });
  const migration = changed.split('\n').find((file) => MIGRATION.test(file));
  if (migration === undefined) return;
  throw new ProvisionError(
    `A commit of ${head.folder} migrates the database (${migration}). Earlier ones cannot use it then.`,
    remedy,
  );
}

/** The components that the change from one build to the next touches; all where git cannot say it. */
export async function touchedBetween(
  green: Build,
  red: Build,
  folder: string | undefined,
  p: Provision,
): Promise<Component[]> {
  if (folder === undefined || red.kind === 'release') return [...COMPONENTS];
  const git = (...args: string[]) => tryCommand(p, 'git', ['-C', folder, ...args]);
  const from = green.kind === 'commit' ? green.hash : red.kind === 'commit' ? `${red.hash}^` : red.hash;
  const changed = await git(
    'diff',
    '--name-only',
    '--relative',
    from,
    ...(red.kind === 'commit' ? [red.hash] : []),
  );
  if (changed === undefined) return [...COMPONENTS];
  const added = red.kind === 'edits' ? await git('ls-files', '--others', '--exclude-standard') : '';
  return componentsOf(`${changed}\n${added ?? ''}`.split('\n').filter((line) => line !== ''));
}

/**
 * Checks a commit out into a folder of its own, by way of a clone that shares the objects. The user's checkout stays as it is.
 * Returns the folder. {@link removeCopy} removes it.
 */
export async function addCopy(folder: string, hash: string, p: Provision): Promise<string> {
  const copy = path.join(p.cacheDir, 'bisect', hash);
  await removeCopy(copy);
  await mkdir(path.dirname(copy), { recursive: true });
  const options = { timeoutSeconds: WRITE_SECONDS };
  await command(p, 'git', ['clone', '--quiet', '--shared', '--no-checkout', folder, copy], options);
  await command(p, 'git', ['-C', copy, 'checkout', '--quiet', '--detach', hash], options);
  return copy;
}

/** Removes a folder of {@link addCopy}. */
export async function removeCopy(copy: string): Promise<void> {
  await rm(copy, { recursive: true, force: true });
}

function commitsIn(log: string): Build[] {
  return log.split('\n').flatMap((line): Build[] => {
    const found = /^([0-9a-f]{40,64}) (.*)$/.exec(line);
    return found ? [{ kind: 'commit', hash: found[1] ?? '', subject: (found[2] ?? '').slice(0, 72) }] : [];
  });
}
