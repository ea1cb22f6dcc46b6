import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listFiles } from '../lists/files.ts';

/** The list of this project, a file for each area, beside the suites in the checkout and in the image. */
export const KNOWN_ISSUES = fileURLToPath(new URL('../known-issues', import.meta.url));

/** The files of the list that name one of these test files. Entries of the other files hold for none of their tests. */
export function listsNaming(tests: readonly string[]): string[] {
  return listFiles(KNOWN_ISSUES).filter((list) => {
    const text = readFileSync(list, 'utf8');
    return tests.some((test) => text.includes(test));
  });
}
