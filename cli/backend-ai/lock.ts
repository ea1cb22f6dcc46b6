import { COMPONENTS } from '@backendai-e2e/api/components';
import { ProvisionError } from '../machine/provision.ts';
import { type Machine, normalName, PYTHON, type Wheel } from './wheels.ts';

/** The packages that a deployment installs. The rest follows from what they need. */
const PACKAGES = [...COMPONENTS, 'client', 'cli'] as const;

/** Where wheels of a folder are, both while they are resolved and while they are installed. */
export const WHEELS_PLACE = '/build/wheels';

/** What uv resolves: requirements, and requirements that replace those of packages. */
export interface Wanted {
  requirements: string[];
  overrides: string[];
  /** A lock whose versions are kept where they fit. So wheels over the pinned release share its third-party packages. */
  preferred?: string;
}

/**
 * What is wanted, with the versions of a lock kept where they fit. Packages that overrides replace have other files, so their hashes
 * in that lock would be wrong.
 */
export function preferring(wanted: Wanted, lock: string): Wanted {
  const replaced = new Set(wanted.overrides.map((line) => normalName(/^[\w.-]+/.exec(line)?.[0] ?? '')));
  const kept = lockedPackages(lock).filter(({ name }) => !replaced.has(name));
  return { ...wanted, preferred: kept.map(({ text }) => `${text}\n`).join('') };
}

/** All components of one release. */
export function releaseWanted(version: string): Wanted {
  return { requirements: PACKAGES.map((name) => `backend.ai-${name}==${version}`), overrides: [] };
}

/**
 * All components of a release, with wheels in place of the published packages. The wheels replace whatever a package asks for,
 * so that one changed package works with the published others.
 */
export function wheelsWanted(release: string, wheels: readonly Wheel[]): Wanted {
  return {
    requirements: releaseWanted(release).requirements,
    overrides: wheels.map(({ name, file }) => `${name} @ file://${WHEELS_PLACE}/${file}`),
  };
}

/** All components of the release below a checkout, with the third-party packages that the checkout asks for. */
export function checkoutWanted(release: string, requirements: readonly string[]): Wanted {
  return {
    requirements: [...releaseWanted(release).requirements, ...requirements],
    overrides: [...requirements],
  };
}

/**
 * Arguments of uv that lock requirements with the hashes of every file that may be installed.
 * @param files paths; the lock goes into `lock`. Versions that are there before are kept where they fit.
 */
export function compileArguments(
  machine: Machine,
  files: { requirements: string; overrides: string; lock: string },
): string[] {
  return [
    'pip',
    'compile',
    '--quiet',
    '--no-cache',
    '--generate-hashes',
    ...['--python-version', PYTHON, '--python-platform', `${machine}-manylinux_2_31`],
    ...['--no-emit-index-url', '--no-emit-find-links', '--no-header', '--no-annotate'],
    ...['--override', files.overrides, '--output-file', files.lock],
    files.requirements,
  ];
}

/** One package of a lock: its line and the lines with its hashes. */
interface LockedPackage {
  name: string;
  version: string;
  text: string;
}

/** The packages of a lock, in its order. A wheel of a folder has the version of its file name. */
export function lockedPackages(lock: string): LockedPackage[] {
  const starts =
    /^([A-Za-z0-9][\w.-]*(?:\[[^\]]*\])?)\s*(?:==\s*([^\s;\\]+)|@\s*\S*\/[^-/\s]+-([^-/\s]+)-\S+)/;
  const packages: LockedPackage[] = [];
  for (const line of lock.split('\n')) {
    const found = starts.exec(line);
    if (found) {
      const [, name = '', version, ofFile] = found;
      packages.push({
        name: normalName(name.replace(/\[.*/, '')),
        version: version ?? ofFile ?? '',
        text: line,
      });
    } else {
      const last = packages.at(-1);
      if (last && line.trim() !== '' && !line.startsWith('#')) last.text += `\n${line}`;
    }
  }
  return packages;
}

/**
 * The lock in two parts, for two layers of an image: third-party packages, and those of Backend.AI. An environment that runs inside
 * sessions (krunner) counts as third-party: it is large and seldom changes.
 */
export function lockParts(lock: string): { dependencies: string; packages: string } {
  const isOwn = ({ name }: LockedPackage) =>
    name.startsWith('backend-ai-') && !name.startsWith('backend-ai-krunner-');
  const all = lockedPackages(lock);
  const text = (some: LockedPackage[]) => some.map((one) => `${one.text}\n`).join('');
  return { dependencies: text(all.filter((one) => !isOwn(one))), packages: text(all.filter(isOwn)) };
}

/** The version of the manager in a lock. @throws Error for a lock without one */
export function lockedRelease(lock: string): string {
  const manager = lockedPackages(lock).find(({ name }) => name === 'backend-ai-manager');
  if (!manager) throw new Error('the lock of Backend.AI holds no backend.ai-manager');
  return manager.version;
}

/** Explains why uv could not resolve. `said`: what it printed. */
export function unresolvable(what: string, said: string): ProvisionError {
  const python = /requires-python|requires Python|Python\s*[<>=]|python_version/i.test(said);
  const damaged = /failed to (read|extract)|invalid zip/i.test(said);
  const [reason] = said
    .split('\n')
    .map((line) => line.replace(/^[\s×╰─▶⋮│├]*((error|cause|hint):)?\s*/u, '').trim())
    .filter((line) => /because|no version|not found|conflict|unsatisfiable|failed to read/i.test(line));
  return new ProvisionError(
    `The packages of ${what} cannot be resolved${reason ? `: ${reason.slice(0, 400)}` : `:\n${said.slice(-800)}`}`,
    damaged
      ? 'Build that wheel again: the file is damaged.'
      : python
        ? `Choose a Backend.AI for Python ${PYTHON}: the images have no other one.`
        : 'Choose another release, or correct the requirements of the folder.',
  );
}
