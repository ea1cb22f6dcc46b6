import { readFileSync } from 'node:fs';
import type { TestEnd, TestIdentity } from '@backendai-e2e/results/test-record';
import { parse } from 'yaml';

/** The list of this project; it lies beside the suites, in the image too. */
export const KNOWN_ISSUES = new URL('../known-issues.yaml', import.meta.url).pathname;

/** How the list is called in messages. */
const LIST = 'suites/known-issues.yaml';

/** A test that is known to fail, and how. */
export interface ListedTest extends TestIdentity {
  /** What the failure's text contains. A test that fails in another way fails. */
  symptom: string;
  /** It fails now and then only (a race): that it passes says nothing, and is let pass. */
  intermittent?: boolean;
}

/** Something that Backend.AI does wrong, with the tests that show it. */
export interface KnownIssue {
  /** What is wrong, one sentence. */
  issue: string;
  /** Versions of Backend.AI that it was seen in: the entry says nothing about others. */
  versions: string[];
  /** Where in the sources of Backend.AI it comes from, or what was seen. */
  evidence: string;
  /** Who renews or removes the entry. */
  owner: string;
  /** Last day on which the entry holds, YYYY-MM-DD (UTC). */
  expires: string;
  tests: ListedTest[];
}

/** The list is not what it should be. The message says where and what is wanted. */
export class InvalidList extends Error {
  override name = 'InvalidList';
}

/** Says what a test's end means in the light of the list. */
export type Judge = (test: TestIdentity, end: TestEnd) => TestEnd;

/** Reads a list from a file. Throws {@link InvalidList}, or the error of reading. */
export function readKnownIssues(path: string): KnownIssue[] {
  return parseKnownIssues(readFileSync(path, 'utf8'));
}

/** Reads a list from its YAML text. Throws {@link InvalidList} with the place of the first mistake. */
export function parseKnownIssues(text: string): KnownIssue[] {
  const issues = list(fields(parse(text), '', ['issues']).issues, 'issues').map((entry, index) => {
    const place = `issues[${index}]`;
    const keys = ['issue', 'versions', 'evidence', 'owner', 'expires', 'tests'] as const;
    const found = fields(entry, place, keys);
    return {
      issue: words(found.issue, `${place}.issue`),
      versions: list(found.versions, `${place}.versions`).map((one) => words(one, `${place}.versions`)),
      evidence: words(found.evidence, `${place}.evidence`),
      owner: words(found.owner, `${place}.owner`),
      expires: day(found.expires, `${place}.expires`),
      tests: list(found.tests, `${place}.tests`).map((test, number) => {
        const inner = `${place}.tests[${number}]`;
        const { intermittent, ...rest } = isObject(test) ? test : {};
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
  });
  refuseDoubles(issues);
  return issues;
}

/**
 * The judge for one version of Backend.AI on one day. A listed test that fails as listed becomes known-issue. One that
 * passes (unless it is intermittent), fails in another way, or fails after the entry's last day, fails, and its error says why. Everything else
 * stays as it is: other tests, and tests that were skipped or could not see what they claim.
 * @param version of the deployment; undefined (no connection): no entry holds
 */
export function judgeBy(issues: readonly KnownIssue[], version: string | undefined, today: Date): Judge {
  return (test, result) => {
    const issue = issues.find(
      (one) => version !== undefined && one.versions.includes(version) && listedIn(one, test),
    );
    const listed = issue && listedIn(issue, test);
    if (!issue || !listed) return result;
    const name = `known issue "${issue.issue}" (${version})`;
    const failed = (why: string): TestEnd => ({
      state: 'failed',
      error: result.error ? `${why}\n${result.error}` : why,
    });
    if (result.state === 'passed' && listed.intermittent) return result;
    if (result.state === 'passed') return failed(`listed as ${name}, but passes: remove it from ${LIST}`);
    if (result.state !== 'failed') return result;
    if (today.toISOString().slice(0, 10) > issue.expires) {
      const remedy = `${issue.owner}: look at it again, then renew or remove it in ${LIST}`;
      return failed(`${name} expired on ${issue.expires}. ${remedy}`);
    }
    if (!result.error?.includes(listed.symptom)) {
      return failed(`listed as ${name}, but fails in another way than with "${listed.symptom}"`);
    }
    return { state: 'known-issue', error: `${name}, until ${issue.expires}\n${result.error}` };
  };
}

function listedIn(issue: KnownIssue, test: TestIdentity): ListedTest | undefined {
  return issue.tests.find((one) => one.file === test.file && one.title === test.title);
}

/** A test may stand in several entries, but only once for a version. */
function refuseDoubles(issues: readonly KnownIssue[]): void {
  const seen = new Set<string>();
  for (const { versions, tests } of issues) {
    for (const { file, title } of tests) {
      for (const version of versions) {
        const key = `${file}: ${title} (${version})`;
        if (seen.has(key)) throw new InvalidList(`${LIST} lists a test twice: ${key}`);
        seen.add(key);
      }
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
