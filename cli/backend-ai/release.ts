import { compareReleases, releaseParts, seriesOf } from '@backendai-e2e/api/release';
import { ProvisionError } from '../machine/provision.ts';
import { PYTHON } from './wheels.ts';

/** How many releases a refusal names. */
const NEAREST = 3;

/** Published packages of one release: "26.8.3", the newest patch of "26.9", or the newest of all. */
export type AskedRelease =
  | { kind: 'release'; version: string }
  | { kind: 'series'; series: string }
  | { kind: 'latest' };

/** The text as a release to ask for; undefined where it is none. */
export function askedRelease(text: string): AskedRelease | undefined {
  if (text === 'latest') return { kind: 'latest' };
  if (/^\d+\.\d+$/.test(text)) return { kind: 'series', series: text };
  return releaseParts(text) ? { kind: 'release', version: text } : undefined;
}

/** The versions in the output of `pip index versions`, newest first as pip prints them. */
export function publishedReleases(output: string): string[] {
  const line = /^\s*Available versions:\s*(.+)$/m.exec(output)?.[1] ?? '';
  return line.split(/,\s*/).filter((version) => releaseParts(version) !== undefined);
}

/**
 * The release that is meant.
 * @param published all that the package index has
 * @throws ProvisionError naming the nearest ones
 */
export function chooseRelease(asked: AskedRelease, published: readonly string[]): string {
  const newestFirst = published.toSorted((a, b) => compareReleases(b, a));
  const found = newestFirst.find((version) => isMeant(asked, version));
  if (found !== undefined) return found;
  const nearest = nearestReleases(asked, newestFirst);
  throw new ProvisionError(
    `There is no Backend.AI ${nameOf(asked)} for Python ${PYTHON} on the package index.`,
    nearest.length > 0
      ? `Ask for one of the nearest: ${nearest.join(', ')}.`
      : 'The index lists no release: look at its address and at the network.',
  );
}

function isMeant(asked: AskedRelease, version: string): boolean {
  switch (asked.kind) {
    case 'release':
      return version === asked.version;
    case 'series':
      return isFinal(version) && seriesOf(version) === asked.series;
    case 'latest':
      return isFinal(version);
  }
}

/** A pre-release is meant only where it is named. */
function isFinal(version: string): boolean {
  return releaseParts(version)?.[3] === 1;
}

/** Up to three releases (for a series: series) around the one that does not exist, oldest first. For a release no pre-releases. */
export function nearestReleases(asked: AskedRelease, published: readonly string[]): string[] {
  if (asked.kind === 'latest') return [];
  const isSeries = asked.kind === 'series';
  const wanted = isSeries ? `${asked.series}.0` : asked.version;
  const finals = published.filter(isFinal);
  const candidates = finals.length > 0 && releaseParts(wanted)?.[3] === 1 ? finals : published;
  const names = isSeries ? [...new Set(candidates.map(seriesOf))].map((name) => `${name}.0`) : candidates;
  const sorted = names.toSorted(compareReleases);
  const after = sorted.filter((version) => compareReleases(version, wanted) > 0);
  const before = sorted.filter((version) => compareReleases(version, wanted) < 0);
  // One after it where there is one, the rest before it: who mistypes a patch usually counts too far.
  const later = after.slice(0, Math.max(1, NEAREST - before.length));
  const near = [...before.slice(-(NEAREST - later.length)), ...later];
  return near.map((version) => (isSeries ? seriesOf(version) : version));
}

function nameOf(asked: AskedRelease): string {
  switch (asked.kind) {
    case 'release':
      return asked.version;
    case 'series':
      return `${asked.series}.*`;
    case 'latest':
      return 'release';
  }
}
