import { printable } from '../plain-text.ts';
import type { RunRecord } from '../run-record.ts';
import type { TestIdentity } from '../test-record.ts';

/**
 * The class name (`file`) and name (`title`) of each test in a JUnit file. They are by line of the run, in the order of its tests.
 * No two are the same in the file. GitLab would show only the first of two, and others would take the second for a retry. Tests of the
 * same name in several environments get their environment, the others a number.
 */
export function caseNames(run: RunRecord): Map<string, TestIdentity[]> {
  const lines = new Map<string, Set<string>>();
  for (const suite of run.suites) {
    for (const test of suite.tests) {
      const key = keyOf(test);
      lines.set(key, (lines.get(key) ?? new Set()).add(suite.name));
    }
  }
  const used = new Set<string>();
  return new Map(
    run.suites.map(({ name, environment, tests }) => [
      name,
      tests.map((test) => {
        const several = (lines.get(keyOf(test))?.size ?? 0) > 1;
        const file = several && environment ? `${test.file} (${environment})` : test.file;
        return distinct({ file, title: test.title }, used);
      }),
    ]),
  );
}

/** The name, with a number if another test has it. Adds it to those in use. */
function distinct({ file, title }: TestIdentity, used: Set<string>): TestIdentity {
  let found = { file, title };
  for (let count = 2; used.has(keyOf(found)); count += 1) found = { file, title: `${title} (${count})` };
  used.add(keyOf(found));
  return found;
}

function keyOf({ file, title }: TestIdentity): string {
  return `${printable(file)}\n${printable(title)}`;
}
