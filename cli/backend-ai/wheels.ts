import { compareReleases, releaseParts } from '@backendai-e2e/api/release';
import { ProvisionError } from '../machine/provision.ts';

/** The Python of the images: minor version 3.13 of CPython, the one of Debian 13. */
export const PYTHON = '3.13';

/** A processor architecture as Python's wheels name it. */
export type Machine = 'x86_64' | 'aarch64';

/** A wheel, from its file name (PEP 427). */
export interface Wheel {
  file: string;
  /** Normalized (PEP 503): "backend-ai-manager". */
  name: string;
  version: string;
  /** Python tags, for example ["py3"] or ["cp313"]. */
  pythons: string[];
  /** Platform tags, for example ["any"] or ["manylinux_2_28_x86_64"]. */
  platforms: string[];
}

/** What a folder of wheels holds for this machine. */
export interface WheelFolder {
  /** The version that the packages of Backend.AI in it have. */
  release: string;
  /** Those to install, by name. */
  wheels: Wheel[];
}

const WHEEL_FILE = /^([^-]+)-([^-]+)(?:-\d[^-]*)?-([^-]+)-([^-]+)-([^-]+)\.whl$/;
/** Packages of Backend.AI with a version of their own: environments that run inside session containers. */
const OWN_VERSION = /^backend-ai-krunner-/;

/** The wheel that a file name describes; undefined for another file. */
export function wheelOf(file: string): Wheel | undefined {
  const found = WHEEL_FILE.exec(file);
  if (!found) return undefined;
  const [, name = '', version = '', pythons = '', , platforms = ''] = found;
  return {
    file,
    name: normalName(name),
    version,
    pythons: pythons.split('.'),
    platforms: platforms.split('.'),
  };
}

/** Package names that mean the same get the same text (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/**
 * Chooses the wheels of a folder that this machine can run.
 * @param files the names of all files in it
 * @throws ProvisionError where there is none of Backend.AI, of two releases, or none for this Python or processor
 */
export function readWheels(folder: string, files: readonly string[], machine: Machine): WheelFolder {
  const wheels = files.flatMap((file) => wheelOf(file) ?? []);
  const byName = Map.groupBy(wheels, ({ name }) => name);
  const chosen = [...byName.values()].map((all) => {
    const fitting = all.filter((wheel) => unfit(wheel, machine) === undefined);
    const newest = fitting.toSorted((a, b) => compareReleases(b.version, a.version))[0];
    const [first] = all;
    if (newest || !first) return newest;
    throw new ProvisionError(
      `${folder} has ${first.file}, which is for ${unfit(first, machine)}.`,
      `Build it for Python ${PYTHON} on ${machine}, or take it out of the folder.`,
    );
  });
  const own = wheels.filter(({ name }) => name.startsWith('backend-ai-') && !OWN_VERSION.test(name));
  const versions = [...new Set(own.map(({ version }) => version))].toSorted(compareReleases);
  const [release] = versions;
  if (release === undefined || releaseParts(release) === undefined) {
    throw new ProvisionError(
      `${folder} holds no wheel of Backend.AI (backend_ai_*.whl).`,
      "Name the folder that upstream's build writes, usually dist.",
    );
  }
  if (versions.length > 1) {
    const each = versions.map(
      (version) => `${version} (${own.find((one) => one.version === version)?.name})`,
    );
    throw new ProvisionError(
      `${folder} mixes wheels of several releases: ${each.join(', ')}.`,
      'Leave the wheels of one release in the folder.',
    );
  }
  return { release, wheels: chosen.filter((wheel) => wheel !== undefined) };
}

/** What a wheel is for instead of this machine; undefined where it fits. */
function unfit({ pythons, platforms }: Wheel, machine: Machine): string | undefined {
  const python = `cp${PYTHON.replace('.', '')}`;
  // "py3" runs on any; a wheel for the stable interface of an earlier Python (abi3) does not occur among Backend.AI's.
  if (!pythons.some((tag) => tag === 'py3' || tag === python || tag === `py${PYTHON.replace('.', '')}`)) {
    return `Python ${pythons.join(', ')}`;
  }
  if (!platforms.some((tag) => tag === 'any' || (tag.includes('linux') && tag.endsWith(machine)))) {
    return platforms.join(', ');
  }
  return undefined;
}
