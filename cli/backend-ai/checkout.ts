import path from 'node:path';
import { compareReleases, releaseParts } from '@backendai-e2e/api/release';
import { ProvisionError } from '../machine/provision.ts';

/** Where the monorepo has the sources of all components. */
export const SOURCES = 'src/ai/backend';
/** Folders and files below them that are no part of the sources. */
export const NO_SOURCES = /(^|\/)(__pycache__|node_modules|\.[^/]+)(\/|$)|\.pyc$/;
/** Files that may hold the version, the first that exists counts. */
export const VERSION_FILES = ['VERSION', `${SOURCES}/manager/VERSION`] as const;
/** The third-party packages that the sources want. */
export const REQUIREMENTS = 'requirements.txt';

/** The state of a checkout, as far as git knows it. */
export interface CheckoutState {
  /** Full hash of the commit; absent where the folder is no git repository. */
  commit?: string;
  /** Whether something differs from the commit. */
  modified?: boolean;
}

/** A checkout of the monorepo. */
export interface Checkout extends CheckoutState {
  /** What its VERSION says. */
  version: string;
  /** Requirements for the third-party packages, from its requirements.txt. */
  requirements: string[];
}

/** Packages that only the tests and type checks of the monorepo want. */
const DEVELOPMENT = /^(types-|pytest|mypy|ruff|aioresponses|asynctest|faker|coverage|black)/i;

/** The lines of requirements.txt that components need when they run, without comments. */
export function runtimeRequirements(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('-') && !DEVELOPMENT.test(line));
}

/** Reads a version file. @throws ProvisionError for a text that is no version */
export function checkoutVersion(folder: string, text: string | undefined): string {
  const version = text?.trim() ?? '';
  if (releaseParts(version) !== undefined) return version;
  throw new ProvisionError(
    text === undefined
      ? `${folder} has ${SOURCES}, but no version: ${VERSION_FILES.join(' and ')} are missing.`
      : `The version of ${folder} is "${version.slice(0, 40)}", which is no version of Backend.AI.`,
    'Name a checkout of the Backend.AI monorepo.',
  );
}

/**
 * The published release whose packages a checkout is laid over. The same version comes first, then the newest before it. If none
 * is older, it is the oldest.
 * @throws ProvisionError where nothing is published
 */
export function releaseBelow(version: string, published: readonly string[]): string {
  const sorted = published.toSorted(compareReleases);
  const found = sorted.findLast((one) => compareReleases(one, version) <= 0) ?? sorted[0];
  if (found !== undefined) return found;
  throw new ProvisionError(
    `The package index lists no release of Backend.AI to lay ${version} over.`,
    'Look at the address of the index and at the network.',
  );
}

/** What `git rev-parse HEAD` and `git status --porcelain` say; undefined: git does not know the folder. */
export function checkoutState(head: string | undefined, status: string | undefined): CheckoutState {
  const commit = head?.trim() ?? '';
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return {};
  return status === undefined ? { commit } : { commit, modified: status.trim() !== '' };
}

/**
 * Why the sources of a checkout cannot be installed, from the output of images/checkout/lay.py or compile.py; undefined: for another reason.
 * Its line is "manager/server.py cannot be compiled: SyntaxError: invalid syntax (server.py, line 3)", behind what Docker prints.
 */
export function brokenSources(folder: string, output: string): ProvisionError | undefined {
  const found = /(?:^|\s)([\w./-]+\.py) cannot be compiled: (.+)$/m.exec(output);
  if (!found) return undefined;
  const [, file = '', reason = ''] = found;
  return new ProvisionError(
    `${path.join(folder, SOURCES, file)} cannot be compiled: ${reason.slice(0, 200)}`,
    'Correct that file, then run the command again.',
  );
}
