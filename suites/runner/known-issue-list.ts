import { compareReleases } from '@backendai-e2e/api/release';
import { InvalidList } from '../lists/files.ts';
import { type ListOf, readRows, rowsIn, rowsOf } from '../lists/rows.ts';
import { KnownIssue } from './known-issue.ts';
import { holdsFor, LIST } from './known-issues.ts';

const ISSUES: ListOf<typeof KnownIssue> = {
  key: 'issues',
  row: KnownIssue,
  mistake: (issue) => mistakeOfRange(issue) ?? mistakeOfBudget(issue),
};

/**
 * Reads a list from files, or from all files of a folder, in the order of their names.
 * @throws InvalidList with the place of the first mistake, or the error of reading
 */
export function readKnownIssues(...places: readonly string[]): KnownIssue[] {
  return withoutDoubles(places.flatMap((place) => readRows(ISSUES, place)));
}

/** Reads a list from its YAML text. @throws InvalidList with the place of the first mistake */
export function parseKnownIssues(text: string): KnownIssue[] {
  return withoutDoubles(rowsOf(ISSUES, text));
}

/** The entries of one document. @param source is the name of the text in errors. @throws InvalidList */
export function issuesOf(document: unknown, source: string): KnownIssue[] {
  return rowsIn(ISSUES, document, `${source}: `);
}

/** What is wrong with the releases that an entry holds for. It needs one end at least. */
function mistakeOfRange({ since, until, fixedIn }: KnownIssue): string | undefined {
  const end = until ?? fixedIn;
  if (since === undefined && end === undefined) return 'must say since, until or fixedIn';
  if (until !== undefined && fixedIn !== undefined) return 'must have either until or fixedIn';
  if (since === undefined || end === undefined) return undefined;
  return compareReleases(since, end) > (until ? 0 : -1) ? 'ends before it begins' : undefined;
}

function mistakeOfBudget({ budget, tests }: KnownIssue): string | undefined {
  if (tests.some(({ intermittent }) => intermittent) !== (budget !== undefined)) {
    return 'budget must be there if a test is intermittent, and only then';
  }
  return budget && budget.most >= budget.of ? 'budget must allow fewer failures than tests' : undefined;
}

/** Refuses a list that has a test twice for one version. A test may be in several entries. */
function withoutDoubles(issues: KnownIssue[]): KnownIssue[] {
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
  return issues;
}
