import { compareReleases, inRange, releaseParts } from '@backendai-e2e/api/release';
import { knownIssueLine, knownIssueName } from '@backendai-e2e/results/known-issue-line';
import { firstLine, type TestEnd, type TestIdentity } from '@backendai-e2e/results/test-record';
import type { Budget, KnownIssue, ListedTest } from './known-issue.ts';

/** Name of the list in messages. */
export const LIST = 'suites/known-issues';

/** Applies the list to the result of a test. */
export type Judge = (test: TestIdentity, end: TestEnd) => TestEnd;

/**
 * The judge for one version of Backend.AI on one day. A listed test that fails as listed becomes known-issue. In these cases it
 * fails, and its error gives the reason:
 * - It passes, unless it is intermittent.
 * - The first line of its error does not have the symptom.
 * - The tests of an intermittent entry have failed more often than its budget allows.
 * - The last day of its entry has passed.
 *
 * Other tests, and skipped or inconclusive ones, keep their result. The judge remembers the tests of an attempt: call it once for
 * each.
 * @param version of the deployment; undefined (no connection): no entry holds
 */
export function judgeBy(issues: readonly KnownIssue[], version: string | undefined, today: Date): Judge {
  const outcomes = new Map<KnownIssue, boolean[]>();
  return (test, result) => {
    const issue = issues.find(
      (one) => version !== undefined && holdsFor(one, version) && listedIn(one, test),
    );
    const listed = issue && listedIn(issue, test);
    if (!issue || !listed) return result;
    const name = knownIssueName({ issue: issue.issue, version: version ?? '' });
    const failed = (why: string): TestEnd => ({
      state: 'failed',
      error: result.error ? `${why}\n${result.error}` : why,
    });
    if (result.state === 'passed' && listed.intermittent) {
      count(outcomes, issue, false);
      return result;
    }
    if (result.state === 'passed')
      return failed(`listed as ${name}, but passes: give its release in fixedIn, in ${LIST}`);
    if (result.state !== 'failed') return result;
    if (today.toISOString().slice(0, 10) > issue.expires) {
      const remedy = `${issue.owner}: check it again, then extend or remove it in ${LIST}`;
      return failed(`${name} expired on ${issue.expires}. ${remedy}`);
    }
    if (!firstLine(result.error).includes(listed.symptom)) {
      return failed(`listed as ${name}, but fails with another error than "${listed.symptom}"`);
    }
    if (listed.intermittent) {
      const over = overBudget(count(outcomes, issue, true), issue.budget);
      if (over) return failed(`${name} shows too often: ${over}. ${issue.owner}: it may have become worse`);
    }
    const line = knownIssueLine({
      ...{ issue: issue.issue, version: version ?? '', until: issue.expires },
      ...(listed.intermittent && issue.budget ? { budget: issue.budget } : {}),
    });
    return { state: 'known-issue', error: `${line}\n${result.error}` };
  };
}

/** Adds the outcome of an intermittent test to those of its entry. Returns all of them: true for each failure. */
function count(outcomes: Map<KnownIssue, boolean[]>, issue: KnownIssue, failed: boolean): boolean[] {
  const all = [...(outcomes.get(issue) ?? []), failed];
  outcomes.set(issue, all);
  return all;
}

/** Why the outcomes exceed the budget, in order, true for each failure; undefined: they do not. */
function overBudget(outcomes: readonly boolean[], budget: Budget | undefined): string | undefined {
  if (!budget) return undefined;
  const last = outcomes.slice(-budget.of);
  const failures = last.filter(Boolean).length;
  if (failures <= budget.most) return undefined;
  return `${failures} of ${last.length} tests, the budget is ${budget.most} of ${budget.of} (measured: ${budget.measured})`;
}

function listedIn(issue: KnownIssue, test: TestIdentity): ListedTest | undefined {
  return issue.tests.find((one) => one.file === test.file && one.title === test.title);
}

/** Whether an entry holds for a version of Backend.AI. */
export function holdsFor({ since, until, fixedIn }: KnownIssue, version: string): boolean {
  const parts = releaseParts(version);
  const release = parts ? parts.slice(0, 3).join('.') : version;
  const isFixed = fixedIn !== undefined && compareReleases(release, fixedIn) >= 0;
  const range = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  return parts !== undefined && !isFixed && inRange(version, range);
}
