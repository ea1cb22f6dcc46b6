import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { comments, descriptions, markdownPassages, type Passage, testTitles } from './prose.ts';
import { type Finding, findingsIn, phrasesIn } from './words.ts';

type Reader = (text: string) => Passage[];

const SOURCES = '{packages,operator,cli,tools,suites}/**/*.{ts,tsx}';

/** Files with words that people read, the way to read them, and the check. */
const CHECKS: readonly (readonly [readonly string[], Reader, typeof findingsIn])[] = [
  [['*.md', 'docs/**/*.md'], markdownPassages, findingsIn],
  [['charts/e2e-operator/files/crds/*.yaml'], descriptions, findingsIn],
  [[SOURCES], testTitles, findingsIn],
  [[SOURCES], comments, phrasesIn],
];

/** Findings of every file that has any, by its path from the root of the project. */
export function findingsByFile(): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const [globs, read, check] of CHECKS) {
    for (const file of globSync([...globs], {
      cwd: PROJECT_ROOT,
      exclude: (name) => name.includes('node_modules'),
    })) {
      const findings = check(read(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')));
      if (findings.length > 0) found.set(file, [...(found.get(file) ?? []), ...findings]);
    }
  }
  return found;
}
