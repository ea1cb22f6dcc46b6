import type { Component } from '@backendai-e2e/api/components';
import type { Sight } from '../series/sight.ts';
import { type Build, buildInWords, keyOf, type Point } from './builds.ts';
import { mixedPoints } from './culprits.ts';
import { type ColorOf, type Narrowed, narrow } from './narrow.ts';

/** What is known of the line of builds besides the trials. */
export interface Lines {
  /** From the good build to the bad one, both included. A checkout is the last. */
  builds: readonly Build[];
  /**
   * The commits of the checkout that are not in the release before it, oldest first, then any edits. Needed when
   * the change is between that release and the checkout.
   */
  commits?: readonly Build[];
  /** The components that the change between the last green and the first red build touches. Needed at the end. */
  touched?: readonly Component[];
}

/** What a bisection found. */
export interface Found {
  green: Build;
  red: Build;
  /** Builds between them that say nothing. */
  silent: readonly Build[];
  culprit: Culprit;
}

/** alone: its code makes the tests red beside the green build of all others. only: nothing else changed. */
export type Culprit =
  | { by: 'alone' | 'only'; component: Component }
  | { by: 'none'; touched: readonly Component[]; silent: readonly Component[] };

/** What to do next. */
export type Step =
  | { do: 'try'; point: Point; left: number }
  | { do: 'read'; what: 'commits' | 'touched'; green: Build; red: Build }
  | { do: 'end'; found: Found }
  | { do: 'end'; refuted: { build: Build; wanted: 'green' | 'red'; color: Sight['color'] } };

/** Decides the next step of a bisection: releases, then commits, then components. Pure. */
export function nextStep(lines: Lines, colorOf: ColorOf): Step {
  const releases = stepOn(lines.builds, colorOf);
  if (!('silent' in releases)) return releases;
  const change = afterCommits(releases, lines, colorOf);
  return 'silent' in change ? componentStep(change, lines, colorOf) : change;
}

/** The change between two builds of a line. */
interface Change {
  green: Build;
  red: Build;
  silent: readonly Build[];
}

function stepOn(builds: readonly Build[], colorOf: ColorOf): Step | Change {
  const keys = builds.map((build) => keyOf({ build }));
  const narrowed: Narrowed = narrow(keys, colorOf);
  const named = (key: string): Build => {
    const build = builds[keys.indexOf(key)];
    if (!build) throw new Error(`the line of a bisection has no ${key}`);
    return build;
  };
  switch (narrowed.state) {
    case 'next':
      return { do: 'try', point: { build: named(narrowed.key) }, left: narrowed.left };
    case 'found':
      return {
        green: named(narrowed.green),
        red: named(narrowed.red),
        silent: narrowed.silent.map(named),
      };
    case 'refuted': {
      const [end, wanted] = narrowed.end === 'first' ? ([0, 'green'] as const) : ([-1, 'red'] as const);
      const build = builds.at(end);
      if (!build) throw new Error('a line of a bisection has two builds at least');
      return { do: 'end', refuted: { build, wanted, color: narrowed.color } };
    }
  }
}

/** Goes from the releases to the commits where the change is in a checkout. */
function afterCommits(change: Change, { builds, commits }: Lines, colorOf: ColorOf): Step | Change {
  const isCheckout = change.red.kind !== 'release' && change.red === builds.at(-1);
  if (!isCheckout) return change;
  if (!commits) return { do: 'read', what: 'commits', green: change.green, red: change.red };
  return stepOn([change.green, ...commits], colorOf);
}

/** Asks which component makes the tests red, one beside all others of the green build. */
function componentStep(change: Change, { touched }: Lines, colorOf: ColorOf): Step {
  if (!touched) return { do: 'read', what: 'touched', green: change.green, red: change.red };
  const end = (culprit: Culprit): Step => ({ do: 'end', found: { ...change, culprit } });
  const [only, ...more] = touched;
  if (only !== undefined && more.length === 0) return end({ by: 'only', component: only });
  const silent: Component[] = [];
  for (const [index, point] of mixedPoints(touched, change.red, change.green).entries()) {
    const color = colorOf(keyOf(point));
    if (color === undefined) return { do: 'try', point, left: touched.length - index - 1 };
    if (color === 'red' && 'component' in point) return end({ by: 'alone', component: point.component });
    if (color === 'unknown' && 'component' in point) silent.push(point.component);
  }
  return end({ by: 'none', touched, silent });
}

/** The answer of a bisection in one sentence. Pure. */
export function answerInWords(step: Extract<Step, { do: 'end' }>): string {
  if ('refuted' in step) {
    const { build, wanted, color } = step.refuted;
    const is = color === 'unknown' ? 'the tests say nothing' : `the tests are ${color}`;
    return `No answer: ${is} on ${buildInWords(build)}, which should be ${wanted}.`;
  }
  const { green, red, silent, culprit } = step.found;
  const past = silent.length > 0 ? `, past ${silent.length} that say nothing` : '';
  return `The tests are red since ${buildInWords(red)}, green before on ${buildInWords(green)}${past}: ${culpritInWords(culprit)}.`;
}

function culpritInWords(culprit: Culprit): string {
  switch (culprit.by) {
    case 'only':
      return `only the code of ${culprit.component} changed`;
    case 'alone':
      return `the code of ${culprit.component} alone makes them red`;
    case 'none': {
      if (culprit.touched.length === 0) return 'the change touches no component';
      const silent = culprit.silent.length > 0 ? ` (${culprit.silent.join(', ')} did not run)` : '';
      return `no component alone makes them red${silent}`;
    }
  }
}
