import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestPlace } from '@backendai-e2e/results/github-annotations';
import type { TestIdentity } from '@backendai-e2e/results/test-record';
import { titlePath } from '@backendai-e2e/results/titles';

/** A suite file as this project names them. The name comes from a cluster: no other file is read. */
const SUITE_FILE = /^[\w-]+(\/[\w-]+)*$/;

/**
 * The line on which a test begins, from 1: that of its title within those of its describes. A title that was made from a
 * template is not in the source. Then it is the line of the innermost describe that is. Pure.
 */
export function lineOf(source: string, title: string): number | undefined {
  let found: number | undefined;
  let from = 0;
  for (const part of titlePath(title)) {
    const at = indexOfTitle(source, part, from);
    if (at < 0) break;
    found = at;
    from = at + 1;
  }
  return found === undefined ? undefined : source.slice(0, found).split('\n').length;
}

function indexOfTitle(source: string, title: string, from: number): number {
  const literals = [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``];
  const places = literals.map((literal) => source.indexOf(literal, from)).filter((at) => at >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
}

/**
 * Finds tests in the suites of a checkout.
 * @param suites absolute path of the folder of suites
 * @param root absolute path of the repository, to which the places are relative
 */
export function placesIn(suites: string, root: string): (test: TestIdentity) => TestPlace | undefined {
  const sources = new Map<string, string | undefined>();
  return ({ file, title }) => {
    if (!SUITE_FILE.test(file)) return undefined;
    const absolute = path.join(suites, `${file}.ts`);
    if (!sources.has(absolute)) sources.set(absolute, read(absolute));
    const source = sources.get(absolute);
    const relative = path.relative(root, absolute);
    if (source === undefined || relative.startsWith('..')) return undefined;
    const line = lineOf(source, title);
    return { file: relative, ...(line === undefined ? {} : { line }) };
  };
}

/** The text of a file, or undefined: suites of another image are not in this checkout. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // A file of another checkout: the test is shown without its line.
    return undefined;
  }
}
