import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';

/** A file or folder that a document names. */
export interface NamedPath {
  file: string;
  line: number;
  path: string;
}

/** Code that looks like a path of this project. A placeholder (`<…>`) and a pattern (`*`) are none. */
const PATH = /^(?:packages|operator|suites|cli|tools|charts|images|docs|\.ci)(?:\/[\w.-]+)+\/?$/;

/** What a guide creates on its way. */
const EXAMPLES: readonly string[] = ['suites/storage/rename-folder.ts'];

/** The documents of the project, from its root. */
export function documents(): string[] {
  return globSync(['*.md', 'docs/**/*.md'], { cwd: PROJECT_ROOT }).sort();
}

/** The paths that a document names between back quotes or in a list of a fenced block, with their lines. */
export function namedPaths(file: string): NamedPath[] {
  const lines = readFileSync(path.join(PROJECT_ROOT, file), 'utf8').split('\n');
  return lines.flatMap((text, index) =>
    [...text.matchAll(/`([^`]+)`/g)]
      .map(([, code = '']) => code)
      .filter((code) => PATH.test(code) && !EXAMPLES.includes(code))
      .map((code) => ({ file, line: index + 1, path: code })),
  );
}

/** Whether a path from the root of the project exists. */
export function pathExists(named: string): boolean {
  return existsSync(path.join(PROJECT_ROOT, named));
}
