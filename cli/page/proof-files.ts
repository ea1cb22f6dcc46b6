import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Backtest, Defects, Proof, ProvenIssue } from '@backendai-e2e/page/model/data/proof-data';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { AGREEMENT } from '../collect/results-folder.ts';

const Text = Type.String();
const Texts = Type.Array(Text);
const Defect = Type.Object({ name: Text, wrong: Text, suites: Texts });
const Tried = Type.Array(Type.Object({ name: Text, state: Text, on: Text, seenBy: Texts }));
const Repair = Type.Object({ suite: Type.Optional(Text) });
const Results = Type.Array(Type.Object({ state: Text }));
const Issue = Type.Object({
  ...{ issue: Text, evidence: Text, upstream: Text, severity: Text, expires: Text },
  tests: Type.Array(Type.Unknown()),
});
const Compared = Type.Object({ tests: Type.Number(), disagreements: Texts, notes: Texts });

/**
 * What the checkout and the folder of a run have to prove its results. A list that is missing or of another form is left out.
 * Its own tests say what is wrong with it.
 * @param root of the checkout
 * @param out folder of the run; undefined while it goes on
 */
export async function proofIn(root: string, out?: string): Promise<Proof> {
  const suites = path.join(root, 'suites');
  const [agreement, defects, tried, repairs, results, issues] = await Promise.all([
    out === undefined ? undefined : fileOf(path.join(out, AGREEMENT), Compared),
    rowsIn(path.join(suites, 'defects'), 'defects', Defect),
    fileOf(path.join(suites, 'defects-tried.json'), Tried),
    rowsIn(path.join(suites, 'backtest'), 'repairs', Repair),
    fileOf(path.join(suites, 'backtest-results.json'), Results),
    rowsIn(path.join(suites, 'known-issues'), 'issues', Issue),
  ]);
  return {
    ...(agreement ? { agreement } : {}),
    ...(defects && tried ? { defects: defectsOf(defects, tried) } : {}),
    ...(repairs && results ? { backtest: backtestOf(repairs, results) } : {}),
    issues: (issues ?? []).map(
      ({ issue, evidence, upstream, severity, expires, tests }): ProvenIssue => ({
        ...{ issue, evidence: evidence.trim(), upstream, severity, until: expires, tests: tests.length },
      }),
    ),
  };
}

function defectsOf(
  list: readonly { name: string; wrong: string; suites: readonly string[] }[],
  all: readonly { name: string; state: string; on: string; seenBy: readonly string[] }[],
): Defects {
  const tried = new Map(all.map((each) => [each.name, each]));
  const isCaught = ({ name }: { name: string }) => tried.get(name)?.state === 'caught';
  const suites = [...new Set(list.flatMap((defect) => defect.suites))].sort();
  return {
    listed: list.length,
    tried: list.filter(({ name }) => tried.has(name)).length,
    caught: list.filter(isCaught).length,
    on:
      all
        .map(({ on }) => on)
        .sort()
        .at(-1) ?? '',
    suites: suites.map((name) => {
      const own = list.filter((defect) => defect.suites.includes(name));
      const caught = own.filter(
        (defect) => tried.get(defect.name)?.seenBy.includes(name) && isCaught(defect),
      );
      return { name, listed: own.length, caught: caught.length };
    }),
    open: list.flatMap(({ name, wrong }) => {
      const state = tried.get(name)?.state;
      return state === undefined || state === 'caught' ? [] : [{ name, state, wrong }];
    }),
  };
}

function backtestOf(repairs: readonly { suite?: string }[], results: readonly { state: string }[]): Backtest {
  const count = (state: string) => results.filter((each) => each.state === state).length;
  return {
    repairs: repairs.length,
    withTest: repairs.filter(({ suite }) => suite !== undefined).length,
    caught: count('caught'),
    missed: count('missed'),
  };
}

/** The rows under one key in all files of a folder. Undefined where a file is missing or has another form. */
async function rowsIn<T extends TSchema>(
  folder: string,
  key: string,
  row: T,
): Promise<Type.Static<T>[] | undefined> {
  // As for a file below: a checkout without the folder leaves a part of the page out.
  const names = await readdir(folder).catch(() => []);
  const list = Type.Object({ [key]: Type.Array(row) });
  const contents = await Promise.all(names.sort().map((name) => fileOf(path.join(folder, name), list)));
  if (contents.length === 0 || contents.includes(undefined)) return undefined;
  // The cast: a schema with a computed key has no type of its own. Each file was checked.
  return contents.flatMap((content) => content?.[key] ?? []) as Type.Static<T>[];
}

/** The content of a file of YAML or JSON; undefined where it is missing or has another form. */
async function fileOf<T extends TSchema>(file: string, schema: T): Promise<Type.Static<T> | undefined> {
  try {
    const content: unknown = parse(await readFile(file, 'utf8'));
    return Value.Check(schema, content) ? content : undefined;
  } catch {
    // The page is of a run: it says less, and stays.
    return undefined;
  }
}
