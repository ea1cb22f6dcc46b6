import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareReleases, releaseParts } from '@backendai-e2e/api/release';
import { isRecord } from '@backendai-e2e/kube/is-record';
import { parse } from 'yaml';
import { type Budget, holdsFor, type KnownIssue, LIST, SEVERITIES, type Severity } from './known-issues.ts';

/** The list of this project, a file for each area, beside the suites in the checkout and in the image. */
export const KNOWN_ISSUES = fileURLToPath(new URL('../known-issues', import.meta.url));

/** The list is invalid. The message names the place and the expected value. */
export class InvalidList extends Error {
  override name = 'InvalidList';
}

/**
 * Reads a list from a file, or from all files of a folder, in the order of their names. Throws {@link InvalidList}, or the error
 * of reading. Each file has one field, `issues`, with entries as {@link KnownIssue} describes them.
 */
export function readKnownIssues(place: string): KnownIssue[] {
  const files = statSync(place).isDirectory()
    ? globSync('*.yaml', { cwd: place })
        .sort()
        .map((file) => path.join(place, file))
    : [place];
  if (files.length === 0)
    throw new InvalidList(`${place} has no list of known issues: it needs a *.yaml file`);
  const issues = files.flatMap((file) =>
    entriesOf(readFileSync(file, 'utf8'), `${LIST}/${path.basename(file)}`),
  );
  refuseDoubles(issues);
  return issues;
}

/** Reads a list from its YAML text. Throws {@link InvalidList} with the place of the first mistake. */
export function parseKnownIssues(text: string): KnownIssue[] {
  const issues = entriesOf(text, LIST);
  refuseDoubles(issues);
  return issues;
}

function entriesOf(text: string, source: string): KnownIssue[] {
  return issuesOf(yamlOf(text, source), source);
}

/** The entries of one YAML document. Throws {@link InvalidList}. @param source is the name of the text in errors */
export function issuesOf(document: unknown, source: string): KnownIssue[] {
  const { issues } = fields(document, `${source}: the document`, ['issues']);
  return list(issues, `${source}: issues`).map((entry, index) => {
    const place = `${source}: issues[${index}]`;
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
}

function yamlOf(text: string, source: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new InvalidList(`${source} is not YAML: ${String(error)}`, { cause: error });
  }
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
  return new InvalidList(`${place} ${what}`);
}
