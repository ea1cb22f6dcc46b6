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

/**
 * Expects that a component closes the files that it opens for some work. Skips the test where the deployment does not report
 * the number of open files.
 */
export async function expectFilesClosed(
  test: Mocha.Context,
  { who, url, most }: Limit,
  work: () => Promise<unknown>,
): Promise<void> {
  await passes(SET_SECONDS);
  const before = await openFiles(url);
  if (before === undefined) {
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
