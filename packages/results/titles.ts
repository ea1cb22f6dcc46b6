import { createHash } from 'node:crypto';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { printable } from './plain-text.ts';

/** Stands between the titles of the describes and of the test. */
const TITLE_SEPARATOR = ' › ';

/** The title of a test without one: a result without a name would look like any other. */
export const NO_TITLE = '(no title)';

/** Joins the titles of the describes and of the test to one printable line, at most LENGTHS.title characters. */
export function fullTitle(path: readonly string[]): string {
  const title = path.map(oneLine).filter(Boolean).join(TITLE_SEPARATOR) || NO_TITLE;
  return title.length > LENGTHS.title ? `${title.slice(0, LENGTHS.title - 1)}…`.toWellFormed() : title;
}

/** The titles of the describes and of the test that {@link fullTitle} joined, outermost first. */
export function titlePath(title: string): string[] {
  return title.split(TITLE_SEPARATOR);
}

/** Whether a test matches a pattern, by its full title or by its title as Mocha joins it. */
export function matches(path: readonly string[], grep: RegExp | undefined): boolean {
  if (!grep) return true;
  const plain = new RegExp(grep.source, grep.flags.replace(/[gy]/g, ''));
  return plain.test(fullTitle(path)) || plain.test(path.map(oneLine).filter(Boolean).join(' '));
}

/** Whether a full title matches a pattern, as {@link matches} decides from its parts. */
export function titleMatches(title: string, grep: RegExp): boolean {
  return matches(title.split(TITLE_SEPARATOR), grep);
}

/** Makes test ids: the same for the same file and title. A counter follows if a title occurs twice. */
export class TestIds {
  readonly #given = new Map<string, number>();

  /** The id of the next test with this title in this file. */
  next(file: string, title: string): string {
    const hash = createHash('sha256').update(`${file}\n${title}`).digest('hex').slice(0, 16);
    const count = (this.#given.get(hash) ?? 0) + 1;
    this.#given.set(hash, count);
    return count === 1 ? hash : `${hash}-${count}`;
  }
}

function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ')).trim();
}
