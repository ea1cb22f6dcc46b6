import { fileURLToPath } from 'node:url';
import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { Id, patternOf, readRows, rowsOf, Text } from '@backendai-e2e/suites/lists/rows';
import { type Static, Type } from 'typebox';

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

/** A row of suites/defects: one change of Backend.AI's own code. It has exactly one of module, setting and withhold. */
const Row = Type.Object(
  {
    name: Id,
    component: Type.Enum([...COMPONENTS]),
    kind: Type.Enum([...KINDS]),
    /** What is wrong, in one sentence. */
    wrong: Text,
    /** Dotted name of an installed Python module. */
    module: Type.Optional(Type.String({ pattern: '^ai\\.backend(\\.\\w+)+$' })),
    /** Text of the module, with its line breaks and blanks. `tools/dev defects --check` compares it with the pinned release. */
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

/** The list beside the suites, a file or two for each component. */
const DEFECTS = fileURLToPath(new URL('../../suites/defects', import.meta.url));
const LIST = { key: 'defects', row: Row };

/** Reads suites/defects. Throws {@link InvalidList}, or the error of reading. */
export function readDefects(): Defect[] {
  return defectsOf(readRows(LIST, DEFECTS));
}

/** Reads a list from its YAML text. Throws {@link InvalidList} with the place of the first mistake. */
export function parseDefects(text: string): Defect[] {
  return defectsOf(rowsOf(LIST, text));
}

function defectsOf(rows: readonly Row[]): Defect[] {
  const names = new Set<string>();
  return rows.map((row) => {
    if (names.has(row.name)) throw new InvalidList(`${row.name}: another defect has this name`);
    names.add(row.name);
    const { name, component, kind, wrong, suites } = row;
    return {
      name,
      component,
      kind,
      wrong,
      way: wayOf(row),
      suites,
      says: patternOf(`${name}.says`, row.says, 'i'),
    };
  });
}

function wayOf(row: Row): Way {
  const { name, module, setting, withhold, times = 1 } = row;
  if ([module, setting, withhold].filter((way) => way !== undefined).length !== 1) {
    throw new InvalidList(`${name}: must have one of module, setting, withhold`);
  }
  if (setting) return { by: 'setting', ...setting };
  if (withhold !== undefined) return { by: 'withheld', host: withhold };
  if (module === undefined || row.replace === undefined || row.with === undefined) {
    throw new InvalidList(`${name}: a change of a module needs replace and with`);
  }
  if (row.replace === row.with) throw new InvalidList(`${name}: replace and with are the same text`);
  return { by: 'change', change: { name, module, replace: row.replace, with: row.with, times } };
}
