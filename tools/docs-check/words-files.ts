import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { comments } from './comment-prose.ts';
import { markupTexts, messages } from './message-prose.ts';
import { markdownPassages, type Passage, testTitles, yamlValues } from './prose.ts';
import { type Finding, findingsIn } from './words.ts';

type Reader = (text: string) => Passage[];

/** Every source in TypeScript. */
export const SOURCES = '{packages,operator,cli,tools,suites}/**/*.{ts,tsx}';

/** Tests hold texts of others, and texts that must be refused. */
export const TESTS = /\.(?:spec|integration)\.tsx?$/;

/** Sources besides {@link SOURCES} whose comments begin with slashes. */
const SLASH_FILES = [
  'images/**/*.{go,mjs}',
  'packages/page/browser/styles/*.css',
  '.markdownlint-cli2.jsonc',
];

/** Sources whose comments begin with `#`. What `cli/backend-ai` and `uv` resolve is generated. */
const HASH_FILES = [
  'Makefile',
  'e2e',
  'kubectl-e2e',
  'tools/dev',
  'kind-config.yaml',
  '.ci/run',
  '.githooks/*',
  '.editorconfig',
  '.gitignore',
  'charts/**/*.{yaml,tpl,py,sh,toml,conf,ini}',
  'docs/**/*.yaml',
  'images/**/*.{py,sh,in,conf,yaml}',
  'images/**/Dockerfile',
  'images/base/clean-install',
  'images/node-base/crictl',
  'suites/**/*.{yaml,py}',
  'tools/**/*.{yaml,py}',
];

/** Keys with prose in the metadata of suites, and in the lists of known issues, breakages, defects and repairs. */
const LIST_KEYS = ['description', 'issue', 'evidence', 'broken', 'wrong', 'missing'];

/** Files with words that people read, the way to read them, and files without. */
const READERS: readonly (readonly [readonly string[], Reader, except?: RegExp])[] = [
  [['*.md', 'docs/**/*.md'], markdownPassages],
  [['charts/e2e-operator/files/crds/*.yaml'], (text) => yamlValues(text, ['description'])],
  [['suites/**/*.yaml'], (text) => yamlValues(text, LIST_KEYS)],
  [['packages/page/browser/**/*.tsx'], markupTexts, TESTS],
  [[SOURCES], testTitles],
  [[SOURCES], messages, TESTS],
  [[SOURCES, ...SLASH_FILES], (text) => comments(text, 'slashes')],
  [HASH_FILES, (text) => comments(text, 'hashes')],
];

/** Findings of every file that has any, by its path from the root of the project. */
export function findingsByFile(): Map<string, Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const [globs, read, except] of READERS) {
    for (const file of globSync([...globs], {
      cwd: PROJECT_ROOT,
      exclude: (name) => name.includes('node_modules'),
    })) {
      if (except?.test(file)) continue;
      const findings = findingsIn(read(readFileSync(path.join(PROJECT_ROOT, file), 'utf8')));
      if (findings.length > 0) found.set(file, [...(found.get(file) ?? []), ...findings]);
    }
  }
  return found;
}
