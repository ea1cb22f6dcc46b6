import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { descriptions, markdownPassages, type Passage, testTitles } from './prose.ts';
import { type Finding, findingsIn } from './words.ts';

/** Files with words that people read, by the way to read them. */
const READERS: readonly (readonly [readonly string[], (text: string) => Passage[]])[] = [
  [['*.md', 'docs/**/*.md'], markdownPassages],
  [['charts/e2e-operator/files/crds/*.yaml'], descriptions],
  [['{packages,operator,cli,tools,suites}/**/*.ts'], testTitles],
];

/** Findings of every file that has any, by its path from the root of the project. */
export function findingsByFile(): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const [globs, read] of READERS) {
    for (const file of globSync([...globs], {
      cwd: PROJECT_ROOT,
      exclude: (name) => name.includes('node_modules'),
    })) {
      const findings = findingsIn(read(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')));
      if (findings.length > 0) found.set(file, findings);
    }
  }
  return found;
}
