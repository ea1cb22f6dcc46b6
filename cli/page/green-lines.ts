import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { GreenLines } from '@backendai-e2e/results/causes/log-lines';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/**
 * The alarming lines of the runs in a folder that succeeded. A job that clears the results keeps it: a line that a failure has
 * and this file lacks is new.
 */
const GREEN_LINES = 'green-lines.json';
/** Kinds that are kept, the newest. A run that succeeds has some hundred. */
const MAX_KINDS = 5_000;

const Content = Type.Object({ run: Type.String(), kinds: Type.Array(Type.String()) });

/** Reads the file, or undefined where there is none that can be used. */
export async function readGreenLines(out: string): Promise<GreenLines | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(path.join(out, GREEN_LINES), 'utf8'));
    return Value.Check(Content, content) ? { run: content.run, kinds: new Set(content.kinds) } : undefined;
  } catch {
    // Without it, the page compares lines within the run.
    return undefined;
  }
}

/** Adds the kinds of a run that succeeded. Those of earlier runs stay: they may have had other suites. */
export async function addGreenLines(out: string, run: string, kinds: readonly string[]): Promise<void> {
  const earlier = (await readGreenLines(out))?.kinds ?? [];
  const content = { run, kinds: [...new Set([...kinds, ...earlier])].slice(0, MAX_KINDS) };
  await writeFile(path.join(out, GREEN_LINES), `${JSON.stringify(content)}\n`);
}
