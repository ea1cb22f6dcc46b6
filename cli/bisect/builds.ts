import type { Component } from '@backendai-e2e/api/components';
import { compareReleases, releaseParts, seriesOf } from '@backendai-e2e/api/release';

/** One Backend.AI of a bisection. */
export type Build =
  | { kind: 'release'; version: string }
  | { kind: 'commit'; hash: string; subject: string }
  /** What a checkout holds beside its commit. It may change between two calls. */
  | { kind: 'edits'; folder: string; hash: string };

/** What one trial deploys: a build, or one component of it beside the others of another build. */
export type Point = { build: Build } | { component: Component; of: Build; others: Build };

/** The name of a point in the file of results: equal points have equal keys. */
export function keyOf(point: Point): string {
  if ('build' in point) return keyOfBuild(point.build);
  return `${point.component} of ${keyOfBuild(point.of)}, others of ${keyOfBuild(point.others)}`;
}

/** Whether what the key names is the same in a later call. */
export function isLasting(point: Point): boolean {
  const builds = 'build' in point ? [point.build] : [point.of, point.others];
  return builds.every(({ kind }) => kind !== 'edits');
}

function keyOfBuild(build: Build): string {
  switch (build.kind) {
    case 'release':
      return build.version;
    case 'commit':
      return `commit ${build.hash}`;
    case 'edits':
      return `edits of ${build.folder}`;
  }
}

/** "26.9.0", "commit 1a2b3c4d5e6f (Fix it)", "the edits of ../backend.ai". */
export function buildInWords(build: Build): string {
  switch (build.kind) {
    case 'release':
      return build.version;
    case 'commit':
      return `commit ${build.hash.slice(0, 12)} (${build.subject})`;
    case 'edits':
      return `the edits of ${build.folder}`;
  }
}

/** A point for people. */
export function pointInWords(point: Point): string {
  if ('build' in point) return buildInWords(point.build);
  return `${point.component} of ${buildInWords(point.of)} beside ${buildInWords(point.others)}`;
}

/**
 * The releases from `good` to `bad` on the main line, both included. They are the patches of the series of `bad`, and the first
 * release of each series before it. Patches of those series are a branch that `bad` does not come from. Pre-releases count only
 * as ends.
 * @param published all releases of the package index, in any order
 */
export function releaseLine(good: string, bad: string, published: readonly string[]): string[] {
  const between = published
    .filter((version) => releaseParts(version)?.[3] === 1)
    .filter((version) => compareReleases(version, good) > 0 && compareReleases(version, bad) < 0)
    .toSorted(compareReleases);
  const firsts = new Set(
    [...Map.groupBy(between, seriesOf)]
      .filter(([series]) => series !== seriesOf(good))
      .map(([, versions]) => versions[0]),
  );
  const line = between.filter((version) => seriesOf(version) === seriesOf(bad) || firsts.has(version));
  return [good, ...line, bad];
}
