import { fileURLToPath } from 'node:url';
import { COMPONENTS as DEPLOYED } from '@backendai-e2e/api/components';
import { compareReleases, releaseParts } from '@backendai-e2e/api/release';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { Id, patternOf, readRows, rowsOf, Text } from '@backendai-e2e/suites/lists/rows';
import { type Static, Type } from 'typebox';

/** Where the fault was. common: in code that several components load. client: in the command line client. */
export const COMPONENTS = [...DEPLOYED, 'client', 'common'] as const;

/**
 * A row of suites/backtest: what Backend.AI 26.4.0 to 26.9.6 repaired. It has either a suite with a test, or says what is missing.
 * A repair is caught if the test is red on the release before and green on the one with it.
 */
const Row = Type.Object(
  {
    /** Number of the issue or pull request of lablup/backend.ai, or a name. */
    id: Id,
    /** Further numbers of the same repair. */
    also: Type.Optional(Type.Array(Id, { minItems: 1 })),
    component: Type.Enum([...COMPONENTS]),
    /** "26.9.1..26.9.2": the last release with the fault and the first with the repair, for each branch. */
    repaired: Type.Array(Text, { minItems: 1 }),
    /** What one notices, in one sentence. */
    wrong: Text,
    /** A TestSuite. */
    suite: Type.Optional(Text),
    /** Regular expression for the full titles of its tests. */
    test: Type.Optional(Text),
    /** For the full titles of tests that must run too. */
    beside: Type.Optional(Text),
    /** For title and first line of the error, where the test can fail for another reason. */
    says: Type.Optional(Text),
    /** What no test does. Write the test, then name it here. */
    missing: Type.Optional(Text),
  },
  { additionalProperties: false },
);
type Row = Static<typeof Row>;

/** Two releases. The first has a fault, the second its repair. */
export interface Pair {
  before: string;
  with: string;
}

/** The test that should tell the two releases apart. */
export interface Witness {
  suite: string;
  /** For full titles of tests. */
  test: RegExp;
  /** For full titles of tests that must run too. */
  beside?: RegExp;
  /** For title and first line of the error, where the test can fail for another reason. */
  says?: RegExp;
}

/** A published repair, and who should notice it. */
export interface Repair {
  id: string;
  also: readonly string[];
  component: (typeof COMPONENTS)[number];
  /** Earliest first. */
  repaired: readonly Pair[];
  wrong: string;
  /** The test that should notice, or what no test does. */
  witness: Witness | { missing: string };
}

/** The list beside the suites. A file holds the repairs of the latest series that came to have them. */
const BACKTEST = fileURLToPath(new URL('../../suites/backtest', import.meta.url));
const LIST = { key: 'repairs', row: Row };

/** Reads suites/backtest. Throws {@link InvalidList}, or the error of reading. */
export function readRepairs(): Repair[] {
  return repairsOf(readRows(LIST, BACKTEST));
}

/** Reads a list from its YAML text. Throws {@link InvalidList} with the place of the first mistake. */
export function parseRepairs(text: string): Repair[] {
  return repairsOf(rowsOf(LIST, text));
}

function repairsOf(rows: readonly Row[]): Repair[] {
  const ids = new Set<string>();
  return rows.map((row) => {
    if (ids.has(row.id)) throw new InvalidList(`${row.id}: another repair has this id`);
    ids.add(row.id);
    const { id, also = [], component, wrong } = row;
    const repaired = row.repaired.map((pair) => pairOf(pair, `${id}.repaired`));
    return { id, also, component, repaired, wrong, witness: witnessOf(row) };
  });
}

/** Reads "26.9.0..26.9.6". @param where names the place in the error. @throws InvalidList */
export function pairOf(text: string, where: string): Pair {
  const [before = '', after = '', ...more] = text.split('..');
  if (more.length > 0 || !releaseParts(before) || !releaseParts(after)) {
    throw new InvalidList(`${where}: "${text}" is not a pair of releases such as 26.9.0..26.9.6`);
  }
  if (compareReleases(before, after) >= 0) {
    throw new InvalidList(`${where}: in "${text}" the second release is not the later one`);
  }
  return { before, with: after };
}

/** "26.9.0..26.9.6". */
export function pairInWords(pair: Pair): string {
  return `${pair.before}..${pair.with}`;
}

function witnessOf(row: Row): Repair['witness'] {
  const { id, suite, test, beside, says, missing } = row;
  if (missing !== undefined) {
    if ([suite, test, beside, says].every((field) => field === undefined)) return { missing };
    throw new InvalidList(`${id}: has either a suite with a test, or "missing"`);
  }
  if (suite === undefined || test === undefined) {
    throw new InvalidList(`${id}: needs suite and test, or "missing"`);
  }
  return {
    suite,
    test: patternOf(`${id}.test`, test),
    ...(beside === undefined ? {} : { beside: patternOf(`${id}.beside`, beside) }),
    ...(says === undefined ? {} : { says: patternOf(`${id}.says`, says, 'i') }),
  };
}
