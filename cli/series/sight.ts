import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';

/**
 * What tests say about the Backend.AI that they met:
 * - red: one failed, also as a known issue.
 * - green: all passed.
 * - unknown: none ran to its end, so nothing is said.
 */
export interface Sight {
  color: 'red' | 'green' | 'unknown';
  /** The first failed test with the first line of its error, or how many passed, or why nothing is known. */
  said: string;
}

/** Characters of a message that are kept. */
const MAX_LENGTH = 300;

/** What the tests say together. Tests that the suite itself skips say nothing. Pure. */
export function sightOf(tests: readonly TestRecord[]): Sight {
  const ran = tests.filter(({ state }) => state !== 'pending');
  const red = ran.find(({ state }) => state === 'failed' || state === 'known-issue');
  if (red) return { color: 'red', said: messageOf(red) };
  const open = ran.find(({ state }) => state !== 'passed');
  if (open) return { color: 'unknown', said: `${open.state}: ${messageOf(open)}` };
  if (ran.length > 0) return { color: 'green', said: `${ran.length} passed` };
  return { color: 'unknown', said: tests.length > 0 ? 'its tests were skipped' : 'no test ran' };
}

function messageOf({ title, error }: TestRecord): string {
  const text = error ? `${title}: ${firstLine(error)}` : title;
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}
