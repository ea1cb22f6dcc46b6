import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** Seconds of each suite in the last whole run on two cores, by name: {"audit-leaks": 2, …}. */
export const TIMINGS_FILE = 'suites/timings.json';

const Timings = Type.Record(Type.String(), Type.Number({ exclusiveMinimum: 0 }));

/** Seconds by suite. Throws an Error that names the file when it is not such a mapping. */
export async function readTimings(root: string): Promise<Map<string, number>> {
  const content: unknown = JSON.parse(await readFile(path.join(root, TIMINGS_FILE), 'utf8'));
  if (!Value.Check(Timings, content)) {
    const first = Value.Errors(Timings, content)[0];
    throw new Error(`${TIMINGS_FILE}: ${first?.instancePath || '/'} ${first?.message ?? 'is not a mapping'}`);
  }
  return new Map(Object.entries(content));
}

/** The fields of TestRun.status.suites that matter here. */
export interface SuiteTime {
  name: string;
  seconds?: number;
}

/**
 * The text of {@link TIMINGS_FILE} after a run: whole seconds, at least 1, by name. A suite that did not run keeps its
 * earlier value; one that is not in the catalog is dropped.
 */
export function timingsText(
  earlier: ReadonlyMap<string, number>,
  ran: readonly SuiteTime[],
  names: readonly string[],
): string {
  const seconds = new Map(earlier);
  for (const suite of ran) {
    if (suite.seconds) seconds.set(suite.name, Math.max(1, Math.round(suite.seconds)));
  }
  const known = [...names].sort().filter((name) => seconds.has(name));
  const content = Object.fromEntries(known.map((name) => [name, seconds.get(name)]));
  return `${JSON.stringify(content, null, 2)}\n`;
}
