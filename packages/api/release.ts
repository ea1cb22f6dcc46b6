/** A version of Backend.AI as its packages have it: "26.9.6", or "26.10.0rc1" before the release. */
const RELEASE = /^(\d+)\.(\d+)\.(\d+)(?:[.-]?((?:a|b|rc|dev|alpha|beta)\.?\d*))?(?:\+[\w.]+)?$/;

/** The first and the last release that something holds for, each included. Without one, that end is open. */
export interface ReleaseRange {
  since?: string;
  until?: string;
}

/** Year, month and patch of a version, then 0 for a pre-release, else 1. Undefined for another text. */
export function releaseParts(version: string): [number, number, number, 0 | 1] | undefined {
  const found = RELEASE.exec(version);
  if (!found) return undefined;
  const [, year, month, patch, pre] = found;
  return [Number(year), Number(month), Number(patch), pre ? 0 : 1];
}

/** Negative where `a` is the earlier version, 0 for equal ones. A text that is no version comes before all others. */
export function compareReleases(a: string, b: string): number {
  const [left, right] = [releaseParts(a), releaseParts(b)];
  if (!left || !right) return Number(left !== undefined) - Number(right !== undefined);
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** "26.9" for "26.9.6". */
export function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/**
 * Whether a version is in a range. A pre-release counts as the release that it precedes: it has what that one brings. An
 * unreadable version is in no range but the open one.
 */
export function inRange(version: string, { since, until }: ReleaseRange): boolean {
  const parts = releaseParts(version);
  if (!parts) return since === undefined && until === undefined;
  const release = parts.slice(0, 3).join('.');
  return (
    (since === undefined || compareReleases(release, since) >= 0) &&
    (until === undefined || compareReleases(release, until) <= 0)
  );
}

/** "since 26.9.0", "until 26.8.3", "from 26.8.0 to 26.8.3", "every release". */
export function rangeInWords({ since, until }: ReleaseRange): string {
  if (since !== undefined && until !== undefined) return `from ${since} to ${until}`;
  if (since !== undefined) return `since ${since}`;
  return until === undefined ? 'every release' : `until ${until}`;
}

/** Reason of a suite or a test that is left out because the installed release is outside of its range. */
export const NOT_APPLICABLE = 'NotApplicable';

/**
 * Why something does not apply where a release is installed: "the test applies since 26.9.0, and e2e runs 26.8.3".
 * Undefined where it applies, and where the release is unknown: then it shows what is missing.
 * @param what the test or suite, for the sentence
 * @param where the deployment, for the sentence
 */
export function whyNotApplicable(
  what: string,
  range: ReleaseRange,
  { where, version }: { where: string; version: string | undefined },
): string | undefined {
  if (version === undefined || !releaseParts(version) || inRange(version, range)) return undefined;
  return `${what} applies ${rangeInWords(range)}, and ${where} runs ${version}`;
}

/** What is installed as one component of Backend.AI. */
export interface InstalledBuild {
  version: string;
  /** Commit of the checkout whose sources lie over the packages. */
  commit?: string;
  /** Whether that checkout differed from its commit. */
  modified?: boolean;
}

/** "26.9.6", "26.9.6 (1a2b3c4d5e6f)", "26.9.6 (1a2b3c4d5e6f, modified)". */
export function installedBuildInWords({ version, commit, modified }: InstalledBuild): string {
  const facts = [commit?.slice(0, 12), modified ? 'modified' : undefined].filter(
    (fact) => fact !== undefined,
  );
  return facts.length > 0 ? `${version} (${facts.join(', ')})` : version;
}
