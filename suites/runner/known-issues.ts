import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareReleases, inRange, type ReleaseRange, releaseParts } from '@backendai-e2e/api/release';
import { isRecord } from '@backendai-e2e/kube/is-record';
import { knownIssueLine, knownIssueName } from '@backendai-e2e/results/known-issue-line';
import { firstLine, type TestEnd, type TestIdentity } from '@backendai-e2e/results/test-record';
import { parse } from 'yaml';

/** The list of this project, beside the suites in the checkout and in the image. */
export const KNOWN_ISSUES = fileURLToPath(new URL('../known-issues.yaml', import.meta.url));

/** Name of the list in messages. */
const LIST = 'suites/known-issues.yaml';

/** A test that is known to fail, and how. */
export interface ListedTest extends TestIdentity {
  /**
   * Text that the first line of the error must contain. The requests and the stack below it would match unrelated failures.
   * A test with another error fails.
   */
  symptom: string;
  /** The test fails only sometimes (a race), so it may also pass. */
  intermittent?: boolean;
}

/** How often the intermittent tests of an entry may fail as listed. Each test counts once in each attempt. */
interface Budget {
  /** Maximum number of failures among the last `of` tests. */
  most: number;
  of: number;
  /** The measured rate: how many of how many, where and when. */
  measured: string;
}

/** How much harm an issue does. It decides how soon its entry expires. */
const SEVERITIES = ['high', 'medium', 'low'] as const;
type Severity = (typeof SEVERITIES)[number];

/** Something that Backend.AI does wrong, and the tests that show it. `since`, `until`: the first and last release with it. */
export interface KnownIssue extends ReleaseRange {
  /** What is wrong, in one sentence. */
  issue: string;
  /** The first release without it. The entry holds for all before. Not together with `until`. */
  fixedIn?: string;
  /** The cause in the sources of Backend.AI, or an observation. */
  evidence: string;
  /** Issues and pull requests of lablup/backend.ai, such as "#10751, #14323", or "none found". */
  upstream?: string;
  severity?: Severity;
  /** Required if a test is intermittent. */
  budget?: Budget;
  /** The people who extend or remove the entry. */
  owner: string;
  /** Last day on which the entry holds, YYYY-MM-DD (UTC). */
  expires: string;
  tests: ListedTest[];
}

/** The list is invalid. The message names the place and the expected value. */
export class InvalidList extends Error {
  override name = 'InvalidList';
}

/** Applies the list to the result of a test. */
export type Judge = (test: TestIdentity, end: TestEnd) => TestEnd;

/** Reads a list from a file. Throws {@link InvalidList}, or the error of reading. */
export function readKnownIssues(path: string): KnownIssue[] {
  return parseKnownIssues(readFileSync(path, 'utf8'));
}

/** Reads a list from its YAML text. Throws {@link InvalidList} with the place of the first mistake. */
export function parseKnownIssues(text: string): KnownIssue[] {
  const issues = list(fields(parse(text), '', ['issues']).issues, 'issues').map((entry, index) => {
    const place = `issues[${index}]`;
    const keys = ['issue', 'evidence', 'owner', 'expires', 'tests'] as const;
    const { since, until, fixedIn, budget, upstream, severity, ...others } = isRecord(entry) ? entry : {};
    const found = fields(others, place, keys);
    const read: KnownIssue = {
      issue: words(found.issue, `${place}.issue`),
      ...range({ since, until, fixedIn }, place),
      evidence: words(found.evidence, `${place}.evidence`),
      ...(upstream === undefined ? {} : { upstream: references(upstream, `${place}.upstream`) }),
      ...(severity === undefined ? {} : { severity: severityOf(severity, `${place}.severity`) }),
      ...(budget === undefined ? {} : { budget: allowance(budget, `${place}.budget`) }),
      owner: words(found.owner, `${place}.owner`),
      expires: day(found.expires, `${place}.expires`),
      tests: list(found.tests, `${place}.tests`).map((test, number) => {
        const inner = `${place}.tests[${number}]`;
        const { intermittent, ...rest } = isRecord(test) ? test : {};
        const { file, title, symptom } = fields(rest, inner, ['file', 'title', 'symptom']);
        if (intermittent !== undefined && intermittent !== true) {
          throw mistake(`${inner}.intermittent`, 'must be true or left out');
        }
        return {
          file: words(file, `${inner}.file`),
          title: words(title, `${inner}.title`),
          symptom: words(symptom, `${inner}.symptom`),
          ...(intermittent ? { intermittent } : {}),
        };
      }),
    };
    if (read.tests.some(({ intermittent }) => intermittent) !== (read.budget !== undefined)) {
      throw mistake(`${place}.budget`, 'must be there if a test is intermittent, and only then');
    }
    return read;
  });
  refuseDoubles(issues);
  return issues;
}

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

/** Refuses a list that has a test twice for one version. A test may be in several entries. */
function refuseDoubles(issues: readonly KnownIssue[]): void {
  const ends = issues.flatMap(({ since, until, fixedIn }) => [since, until, fixedIn]);
  // Whatever two ranges share begins or ends at one of these, or holds for every release.
  const versions = [...new Set(ends.filter((end) => end !== undefined)), '0.0.0', '9999.0.0'];
  const seen = new Set<string>();
  for (const issue of issues) {
    for (const { file, title } of issue.tests) {
      for (const version of versions.filter((one) => holdsFor(issue, one))) {
        const key = `${file}: ${title} (${version})`;
        if (seen.has(key)) throw new InvalidList(`${LIST} lists a test twice: ${key}`);
        seen.add(key);
      }
    }
  }
}

/** Reads the releases that an entry holds for. It needs one end at least. */
function range(ends: Record<'since' | 'until' | 'fixedIn', unknown>, place: string): Partial<KnownIssue> {
  const given = Object.entries(ends).filter(([, value]) => value !== undefined);
  for (const [key, value] of given) {
    if (typeof value !== 'string' || releaseParts(value) === undefined) {
      throw mistake(`${place}.${key}`, "must be a release such as '26.9.6'");
    }
  }
  const { since, until, fixedIn } = Object.fromEntries(given) as Record<string, string>;
  if (given.length === 0) throw mistake(place, 'must say since, until or fixedIn');
  if (until !== undefined && fixedIn !== undefined) throw mistake(place, 'must have either until or fixedIn');
  const end = until ?? fixedIn;
  if (since !== undefined && end !== undefined && compareReleases(since, end) > (until ? 0 : -1)) {
    throw mistake(place, 'ends before it begins');
  }
  return Object.fromEntries(given);
}

function fields<Key extends string>(
  value: unknown,
  place: string,
  keys: readonly Key[],
): Record<Key, unknown> {
  const wanted = `must have exactly these keys: ${keys.join(', ')}`;
  if (typeof value !== 'object' || value === null) throw mistake(place, wanted);
  const found = Object.keys(value);
  if (found.length !== keys.length || keys.some((key) => !found.includes(key))) {
    throw mistake(place, `${wanted}; it has ${found.join(', ')}`);
  }
  return value as Record<Key, unknown>;
}

function list(value: unknown, place: string): unknown[] {
  if (!Array.isArray(value)) throw mistake(place, 'must be a list');
  return value;
}

function words(value: unknown, place: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw mistake(place, 'must be a text');
  return value.trim();
}

/** Reads "none found" or numbers of issues and pull requests. */
function references(value: unknown, place: string): string {
  const text = words(value, place);
  if (text === 'none found' || /^#\d+(, #\d+)*$/.test(text)) return text;
  throw mistake(place, `is ${text}: it must be "none found", or numbers such as "#10751, #14323"`);
}

function severityOf(value: unknown, place: string): Severity {
  const known = SEVERITIES.find((one) => one === value);
  if (!known) throw mistake(place, `must be one of ${SEVERITIES.join(', ')}`);
  return known;
}

function allowance(value: unknown, place: string): Budget {
  const found = fields(value, place, ['most', 'of', 'measured']);
  const { most, of } = found;
  if (
    typeof most !== 'number' ||
    typeof of !== 'number' ||
    !Number.isInteger(most) ||
    !Number.isInteger(of)
  ) {
    throw mistake(place, 'must have whole numbers in most and of');
  }
  if (most < 1 || most >= of) throw mistake(place, 'must allow from 1 failure to fewer than all');
  return { most, of, measured: words(found.measured, `${place}.measured`) };
}

function day(value: unknown, place: string): string {
  const text = words(value, place);
  const date = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text) {
    throw mistake(place, `is ${text}: it must be a day such as 2027-02-28`);
  }
  return text;
}

function mistake(place: string, what: string): InvalidList {
  return new InvalidList(`${LIST}: ${place || 'the document'} ${what}`);
}
