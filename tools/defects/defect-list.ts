import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COMPONENTS, type Component } from '@backendai-e2e/cli/backend-ai/components';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';

const Text = Type.String({ pattern: '\\S' });

export const KINDS = [
  'false answer',
  'wide rights',
  'narrow rights',
  'long-lived token',
  'changed data',
  'lost event',
  'doubled event',
  'reordered event',
  'stale cache',
  'open lock',
  'two leaders',
  'evaded quota',
  'drifting counter',
  'slow leak',
  'wrong metric',
  'error under load',
  'error after restart',
  'slowness',
  'changed setting',
  'withheld dependency',
] as const;

/** A row of suites/defects.yaml. It has exactly one of module, setting and withhold. */
const Row = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' }),
    component: Type.Enum([...COMPONENTS]),
    kind: Type.Enum([...KINDS]),
    /** What is wrong, in one sentence. */
    wrong: Text,
    /** Dotted name of an installed Python module. */
    module: Type.Optional(Type.String({ pattern: '^ai\\.backend(\\.\\w+)+$' })),
    /** Text of the module, with the line breaks and blanks that it has there. */
    replace: Type.Optional(Text),
    with: Type.Optional(Type.String()),
    /** How often the module holds the text. Default: 1. */
    times: Type.Optional(Type.Integer({ minimum: 1 })),
    /** An environment variable of the component's container. */
    setting: Type.Optional(Type.Object({ name: Text, value: Text }, { additionalProperties: false })),
    /** A Service that the component's pods cannot reach. */
    withhold: Type.Optional(Type.String({ pattern: '^[a-z0-9-]+$' })),
    /** Names of the TestSuites that should notice. */
    suites: Type.Array(Text, { minItems: 1 }),
    /** Regular expression, without regard to case, for the title and the first line of the error of the failed test. */
    says: Text,
  },
  { additionalProperties: false },
);
type Row = Static<typeof Row>;

const Rows = Type.Object({ defects: Type.Array(Row, { minItems: 1 }) }, { additionalProperties: false });

/** A change of a module's text, as sitecustomize.py reads it. */
export interface Change {
  name: string;
  module: string;
  replace: string;
  with: string;
  times: number;
}

/** How a defect is planted. */
export type Way =
  | { by: 'change'; change: Change }
  | { by: 'setting'; name: string; value: string }
  | { by: 'withheld'; host: string };

/** One named defect, and who must notice it. */
export interface Defect {
  name: string;
  component: Component;
  kind: (typeof KINDS)[number];
  wrong: string;
  way: Way;
  suites: string[];
  says: RegExp;
}

/** The list is invalid. The message names the place and what is wrong there. */
export class InvalidDefects extends Error {
  override name = 'InvalidDefects';
}

/** The list beside the suites. */
const DEFECTS = fileURLToPath(new URL('../../suites/defects.yaml', import.meta.url));

/** Reads suites/defects.yaml. Throws {@link InvalidDefects}, or the error of reading. */
export function readDefects(): Defect[] {
  return parseDefects(readFileSync(DEFECTS, 'utf8'));
}

/** Reads the list from its YAML text. Throws {@link InvalidDefects} with the place of the first mistake. */
export function parseDefects(text: string): Defect[] {
  const found: unknown = parse(text);
  if (!Value.Check(Rows, found)) {
    const first = Value.Errors(Rows, found)[0];
    const said = first?.keyword === 'boolean' ? 'there is no such field' : first?.message;
    throw new InvalidDefects(`${first?.instancePath || 'the list'}: ${said}`);
  }
  const names = new Set<string>();
  return found.defects.map((row) => {
    if (names.has(row.name)) throw new InvalidDefects(`${row.name}: another defect has this name`);
    names.add(row.name);
    const { name, component, kind, wrong, suites } = row;
    return { name, component, kind, wrong, way: wayOf(row), suites, says: patternOf(row) };
  });
}

function wayOf(row: Row): Way {
  const { name, module, setting, withhold, times = 1 } = row;
  if ([module, setting, withhold].filter((way) => way !== undefined).length !== 1) {
    throw new InvalidDefects(`${name}: must have one of module, setting, withhold`);
  }
  if (setting) return { by: 'setting', ...setting };
  if (withhold !== undefined) return { by: 'withheld', host: withhold };
  if (module === undefined || row.replace === undefined || row.with === undefined) {
    throw new InvalidDefects(`${name}: a change of a module needs replace and with`);
  }
  if (row.replace === row.with) throw new InvalidDefects(`${name}: replace and with are the same text`);
  return { by: 'change', change: { name, module, replace: row.replace, with: row.with, times } };
}

function patternOf({ name, says }: Row): RegExp {
  try {
    return new RegExp(says, 'i');
  } catch (error) {
    const why = `${name}.says: is not a regular expression: ${String(error)}`;
    throw new InvalidDefects(why, { cause: error });
  }
}
