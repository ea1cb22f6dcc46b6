import { fileURLToPath } from 'node:url';
import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { patternOf, readRows, rowsOf, Text } from '@backendai-e2e/suites/lists/rows';
import { type Static, Type } from 'typebox';

/** A step that breaks or mends an environment. Exactly one of sql, valkey, shell and kubectl is set. */
const Step = Type.Object(
  {
    /** Statements for PostgreSQL, as its superuser. */
    sql: Type.Optional(Text),
    /** Database of `sql`. Default: "backend". */
    database: Type.Optional(Text),
    /** A command for Valkey: words separated by blanks. */
    valkey: Type.Optional(Text),
    /** A shell command line in a container of `component`. */
    shell: Type.Optional(Text),
    /** Component whose first pod (or every pod, with `everywhere`) runs `shell`. */
    component: Type.Optional(Text),
    /** Container of that pod. Default: the pod's first. */
    container: Type.Optional(Text),
    everywhere: Type.Optional(Type.Boolean()),
    /** Arguments of kubectl, in the environment's namespace. */
    kubectl: Type.Optional(Type.Array(Text)),
  },
  { additionalProperties: false },
);
export type Step = Static<typeof Step>;

/** A row of suites/breakages: a way to break what a suite proves, and the test that must detect it. Every suite has one for each file. */
const Breakage = Type.Object(
  {
    /** Name of a TestSuite. */
    suite: Text,
    /** What is broken, in one sentence. */
    broken: Text,
    break: Type.Array(Step, { minItems: 1 }),
    /** Steps that mend it, also when only some of the breaking steps were taken. */
    mend: Type.Array(Step, { minItems: 1 }),
    /** Only tests with matching titles run, by full titles or by titles joined by blanks. Default: the whole suite. */
    grep: Type.Optional(Text),
    /** Regular expressions for the full title (joined by " › ") and the first line of the error of the failed test. */
    red: Type.Object({ test: Text, error: Text }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
export type Breakage = Static<typeof Breakage>;

/** The list beside the suites, a file for each area. */
const BREAKAGES = fileURLToPath(new URL('../../suites/breakages', import.meta.url));
const LIST = { key: 'breakages', row: Breakage };

/** Fields of a step that say how it is done. */
const WAYS = ['sql', 'valkey', 'shell', 'kubectl'] as const;

/** Reads suites/breakages, or a file. Throws {@link InvalidList}, or the error of reading. */
export function readBreakages(file?: string): Breakage[] {
  return checked(readRows(LIST, file ?? BREAKAGES));
}

/** Reads a list from its YAML text. Throws {@link InvalidList} with the place of the first mistake. */
export function parseBreakages(text: string): Breakage[] {
  return checked(rowsOf(LIST, text));
}

function checked(breakages: Breakage[]): Breakage[] {
  for (const { suite, break: breaks, mend, grep = '', red } of breakages) {
    for (const [number, step] of breaks.entries()) checkStep(step, `${suite}.break[${number}]`);
    for (const [number, step] of mend.entries()) checkStep(step, `${suite}.mend[${number}]`);
    patternOf(`${suite}.grep`, grep);
    patternOf(`${suite}.red.test`, red.test);
    patternOf(`${suite}.red.error`, red.error);
  }
  return breakages;
}

function checkStep(step: Step, place: string): void {
  if (WAYS.filter((way) => way in step).length !== 1) {
    throw new InvalidList(`${place}: must have one of ${WAYS.join(', ')}`);
  }
  if (step.shell !== undefined && step.component === undefined) {
    throw new InvalidList(`${place}.component: must name the component that runs the shell`);
  }
}

/** Characters of an error that are shown. */
const MAX_LENGTH = 300;

/** Result of a tried breakage: `seen`, or why not. */
export interface Outcome {
  seen: boolean;
  /** The first line of the expected error, or what happened instead. */
  said: string;
}

/**
 * Whether a suite detected the breakage: a test that the entry names failed with the error that it names. A suite that
 * failed otherwise, or passed, did not detect it. Pure.
 */
export function judge(breakage: Breakage, tests: readonly TestRecord[]): Outcome {
  const red = tests.filter(({ state }) => state === 'failed');
  const [title, error] = [new RegExp(breakage.red.test), new RegExp(breakage.red.error)];
  const rightly = red.find((test) => title.test(test.title) && error.test(firstLine(test.error)));
  if (rightly) return { seen: true, said: firstLine(rightly.error).slice(0, MAX_LENGTH) };
  if (tests.length === 0) return { seen: false, said: 'no test ran' };
  if (red.length === 0) return { seen: false, said: `${tests.length} tests, none failed` };
  const others = red.map((test) => `${test.title}: ${firstLine(test.error).slice(0, MAX_LENGTH)}`);
  return { seen: false, said: `failed otherwise: ${others.join(' | ')}` };
}
