import { readFileSync } from 'node:fs';
import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';
import { parse } from 'yaml';

/** One thing that is done to an environment, to break it or to mend it. One of sql, valkey, shell and kubectl says how. */
export interface Step {
  /** Statements for PostgreSQL, as its superuser. */
  sql?: string;
  /** Database of `sql`. Default "backend". */
  database?: string;
  /** A command for Valkey: words between blanks. */
  valkey?: string;
  /** A command line of a shell in a container of `component`. */
  shell?: string;
  /** Component whose first pod (or every pod, with `everywhere`) runs `shell`. */
  component?: string;
  /** Container of that pod. Default: the pod's first. */
  container?: string;
  everywhere?: boolean;
  /** Arguments of kubectl, in the environment's namespace. */
  kubectl?: string[];
}

/** A way to break what a suite proves, and the test that must see it. */
export interface Breakage {
  /** Name of a TestSuite. */
  suite: string;
  /** What is wrong then, one sentence. */
  broken: string;
  break: Step[];
  /** Steps that mend it, also where only some of the breaking ones were taken. */
  mend: Step[];
  /** Only tests whose titles match run. Default: the whole suite. */
  grep?: string;
  /** Regular expressions that the failed test's title and its error match. */
  red: { test: string; error: string };
}

/** The list is not what it should be. The message says where and what is wanted. */
export class InvalidBreakages extends Error {
  override name = 'InvalidBreakages';
}

/** Beside the suites. */
const BREAKAGES = new URL('../../suites/breakages.yaml', import.meta.url).pathname;

/** How a step is done, and what else it may say. */
const WAYS = ['sql', 'valkey', 'shell', 'kubectl'];
const DETAILS = ['database', 'component', 'container', 'everywhere'];

/** Reads the list from a file. Throws {@link InvalidBreakages}, or the error of reading. */
export function readBreakages(file: string = BREAKAGES): Breakage[] {
  return parseBreakages(readFileSync(file, 'utf8'));
}

/** Reads the list from its YAML text. Throws {@link InvalidBreakages} with the place of the first mistake. */
export function parseBreakages(text: string): Breakage[] {
  const found: unknown = parse(text);
  const entries = isObject(found) ? found.breakages : undefined;
  if (!Array.isArray(entries)) throw new InvalidBreakages('breakages: must be a list');
  return entries.map((entry: unknown, index) => {
    const place = `breakages[${index}]`;
    if (!isObject(entry)) throw new InvalidBreakages(`${place}: must be an object`);
    const { suite, broken, red, grep, mend, break: breaks, ...rest } = entry;
    const [unknown] = Object.keys(rest);
    if (unknown) throw new InvalidBreakages(`${place}.${unknown}: there is no such field`);
    if (!isObject(red)) throw new InvalidBreakages(`${place}.red: must name a test and its error`);
    return {
      suite: words(suite, `${place}.suite`),
      broken: words(broken, `${place}.broken`),
      break: steps(breaks, `${place}.break`),
      mend: steps(mend, `${place}.mend`),
      ...(grep === undefined ? {} : { grep: pattern(grep, `${place}.grep`) }),
      red: { test: pattern(red.test, `${place}.red.test`), error: pattern(red.error, `${place}.red.error`) },
    };
  });
}

function steps(found: unknown, place: string): Step[] {
  if (!Array.isArray(found) || found.length === 0)
    throw new InvalidBreakages(`${place}: must be a list of steps`);
  return found.map((step: unknown, index) => {
    if (!isObject(step)) throw new InvalidBreakages(`${place}[${index}]: must be an object`);
    if (WAYS.filter((key) => key in step).length !== 1) {
      throw new InvalidBreakages(`${place}[${index}]: must have one of ${WAYS.join(', ')}`);
    }
    const unknown = Object.keys(step).find((key) => !WAYS.includes(key) && !DETAILS.includes(key));
    if (unknown) throw new InvalidBreakages(`${place}[${index}].${unknown}: there is no such field`);
    if ('shell' in step && !('component' in step)) {
      throw new InvalidBreakages(`${place}[${index}].component: must name whose shell it is`);
    }
    return step;
  });
}

/** Characters of an error that are shown. */
const MAX_LENGTH = 300;

/** What a tried breakage came to: `seen`, or why not. */
export interface Outcome {
  seen: boolean;
  /** The first line of the error that was to be seen, or what came instead. */
  said: string;
}

/**
 * Whether a suite saw what was broken: a test that the entry names failed with the error that it names. A suite that failed in
 * another way, or not at all, did not. Pure.
 */
export function judge(breakage: Breakage, tests: readonly TestRecord[]): Outcome {
  const red = tests.filter(({ state }) => state === 'failed');
  const [title, error] = [new RegExp(breakage.red.test), new RegExp(breakage.red.error, 's')];
  const rightly = red.find((test) => title.test(test.title) && error.test(test.error ?? ''));
  if (rightly) return { seen: true, said: firstLine(rightly.error).slice(0, MAX_LENGTH) };
  if (tests.length === 0) return { seen: false, said: 'no test ran' };
  if (red.length === 0) return { seen: false, said: `${tests.length} tests, none failed` };
  const others = red.map((test) => `${test.title}: ${firstLine(test.error).slice(0, MAX_LENGTH)}`);
  return { seen: false, said: `failed otherwise: ${others.join(' | ')}` };
}

function isObject(found: unknown): found is Record<string, unknown> {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}

function words(found: unknown, place: string): string {
  if (typeof found === 'string' && found.trim() !== '') return found;
  throw new InvalidBreakages(`${place}: must be words`);
}

function pattern(found: unknown, place: string): string {
  const text = words(found, place);
  try {
    new RegExp(text);
  } catch (error) {
    throw new InvalidBreakages(`${place}: is not a regular expression: ${String(error)}`, { cause: error });
  }
  return text;
}
