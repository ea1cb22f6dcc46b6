import type { Connection } from '@backendai-e2e/api/connection';
import { inRange } from '@backendai-e2e/api/release';
import { expect } from 'chai';
import { openFiles } from '../clients/http/open-files.ts';
import { measure } from '../evidence/record.ts';
import { passes } from '../evidence/waiting.ts';

/** The metric is set every 2 s (OPEN_FILES_SECONDS in start.py of the chart). */
const SET_SECONDS = 3;
/** Looks at the count after the work, because connections close late. */
const LOOKS = 6;

/** A component, and its limit of additional open files: connections to others, but not one for each request. */
interface Limit {
  /** For the message, such as "manager i-manager-0". Its first word names the measurement. */
  who: string;
  /** Serves /metrics. */
  url: string;
  most: number;
}

/** Releases whose components report their open files in the chart of this project: start.py uses a module of theirs. */
const REPORTING = { since: '26.8.3' };

/**
 * Whether a deployment must report open files: one of the chart of this project. Only that chart has observers. Another
 * deployment need not report them. Pure.
 */
export function mustReport({ agents, version }: Pick<Connection, 'agents' | 'version'>): boolean {
  return agents.some(({ observerUrl }) => observerUrl !== undefined) && inRange(version, REPORTING);
}

/**
 * Expects that a component closes the files that it opens for some work. Skips the test where the deployment need not report
 * the number of open files, and does not.
 */
export async function expectFilesClosed(
  test: Mocha.Context,
  connection: Pick<Connection, 'agents' | 'version'>,
  { who, url, most }: Limit,
  work: () => Promise<unknown>,
): Promise<void> {
  await passes(SET_SECONDS);
  const before = await openFiles(url);
  if (before === undefined) {
    if (mustReport(connection))
      throw new Error(`the ${who} does not report its open files at ${url}/metrics`);
    console.log(`the ${who} does not report its open files`);
    test.skip();
  }
  await work();
  let gained = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS && gained > most; look += 1) {
    await passes(SET_SECONDS);
    const now = await openFiles(url);
    if (now === undefined) throw new Error(`the ${who} no longer reports its open files`);
    gained = now - (before ?? 0);
  }
  // Without the name of the pod, so that runs compare.
  measure(`open-files-gained-by-${who.split(' ')[0]}`, gained, 'descriptors', most);
  expect(gained, `open files (descriptors) that the ${who} gained`).to.be.at.most(most);
}
