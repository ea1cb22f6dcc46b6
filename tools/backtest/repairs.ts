import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareReleases, releaseParts } from '@backendai-e2e/api/release';
import { COMPONENTS as DEPLOYED } from '@backendai-e2e/cli/backend-ai/components';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';

const Text = Type.String({ pattern: '\\S' });
const Id = Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' });

/** Where the fault was. common: in code that several components load. client: in the command line client. */
export const COMPONENTS = [...DEPLOYED, 'client', 'common'] as const;

/** A row of suites/backtest.yaml. It has either a suite with a test, or says what is missing. */
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
    suite: Type.Optional(Text),
    test: Type.Optional(Text),
    beside: Type.Optional(Text),
    says: Type.Optional(Text),
    missing: Type.Optional(Text),
  },
  { additionalProperties: false },
);
type Row = Static<typeof Row>;
const Rows = Type.Object({ repairs: Type.Array(Row, { minItems: 1 }) }, { additionalProperties: false });

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

/** The list, or a pair of releases, is invalid. The message names the place and what is wrong there. */
export class InvalidBacktest extends Error {
  override name = 'InvalidBacktest';
}

/** The list beside the suites. */
const BACKTEST = fileURLToPath(new URL('../../suites/backtest.yaml', import.meta.url));

/** Reads suites/backtest.yaml. Throws {@link InvalidBacktest}, or the error of reading. */
export function readRepairs(): Repair[] {
  return parseRepairs(readFileSync(BACKTEST, 'utf8'));
}

/** Reads the list from its YAML text. Throws {@link InvalidBacktest} with the place of the first mistake. */
export function parseRepairs(text: string): Repair[] {
  const found: unknown = parse(text);
  if (!Value.Check(Rows, found)) {
    const first = Value.Errors(Rows, found)[0];
    const said = first?.keyword === 'boolean' ? 'there is no such field' : first?.message;
    throw new InvalidBacktest(`${first?.instancePath || 'the list'}: ${said}`);
  }
  const ids = new Set<string>();
  return found.repairs.map((row) => {
    if (ids.has(row.id)) throw new InvalidBacktest(`${row.id}: another repair has this id`);
    ids.add(row.id);
    const { id, also = [], component, wrong } = row;
    const repaired = row.repaired.map((pair) => pairOf(pair, `${id}.repaired`));
    return { id, also, component, repaired, wrong, witness: witnessOf(row) };
  });
}

/** Reads "26.9.0..26.9.6". @param where names the place in the error. @throws InvalidBacktest */
export function pairOf(text: string, where: string): Pair {
  const [before = '', after = '', ...more] = text.split('..');
  if (more.length > 0 || !releaseParts(before) || !releaseParts(after)) {
    throw new InvalidBacktest(`${where}: "${text}" is not a pair of releases such as 26.9.0..26.9.6`);
  }
  if (compareReleases(before, after) >= 0) {
    throw new InvalidBacktest(`${where}: in "${text}" the second release is not the later one`);
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
    throw new InvalidBacktest(`${id}: has either a suite with a test, or "missing"`);
  }
  if (suite === undefined || test === undefined) {
    throw new InvalidBacktest(`${id}: needs suite and test, or "missing"`);
  }
  return {
    suite,
    test: patternOf(id, 'test', test),
    ...(beside === undefined ? {} : { beside: patternOf(id, 'beside', beside) }),
    ...(says === undefined ? {} : { says: patternOf(id, 'says', says) }),
  };
}

function patternOf(id: string, field: string, text: string): RegExp {
  try {
    return new RegExp(text, field === 'says' ? 'i' : '');
  } catch (error) {
    const why = `${id}.${field}: is not a regular expression: ${String(error)}`;
    throw new InvalidBacktest(why, { cause: error });
  }
}
