import { Session } from 'node:inspector/promises';
import Mocha from 'mocha';
import type { RanFiles, RanRange } from './coverage.ts';
import { FreshModules } from './fresh-modules.ts';
import type { Mutant } from './mutants.ts';

/** What a worker is asked: run these specs, with this change or to see what they run. */
export interface Question {
  root: string;
  folder: string;
  /** Undefined: unchanged, which must pass. */
  mutant?: Mutant;
  specs: readonly string[];
}

/** What it answers. */
export interface Answer {
  /** The first test that failed. */
  killedBy?: string;
  /** What the specs ran, if nothing was changed. */
  ran?: RanFiles;
}

/** Milliseconds for a test. The slowest spec waits five seconds, but waits of a mutant may never end. */
const TEST_MS = 10_000;

const session = new Session();
session.connect();
let modules: FreshModules | undefined;

async function answer({ root, folder, mutant, specs }: Question): Promise<Answer> {
  modules ??= new FreshModules(root, folder);
  modules.next(mutant);
  if (mutant) return failureOf(modules, specs);
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const found = await failureOf(modules, specs);
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const ran: Record<string, RanRange[]> = {};
  for (const { url, functions } of result) {
    const file = modules.fileOf(url);
    if (file === undefined) continue;
    ran[file] = functions.flatMap(({ ranges }) =>
      ranges.map(({ startOffset, endOffset, count }) => ({ start: startOffset, end: endOffset, count })),
    );
  }
  return { ...found, ran };
}

/** Runs specs until a test fails. An error of the import counts as a failed test. */
async function failureOf(fresh: FreshModules, specs: readonly string[]): Promise<Answer> {
  for (const spec of specs) {
    const mocha = new Mocha({ timeout: TEST_MS, bail: true, reporter: Mocha.reporters.Base });
    mocha.cleanReferencesAfterRun(false);
    mocha.suite.emit('pre-require', globalThis, spec, mocha);
    try {
      await import(fresh.urlOf(spec));
    } catch (error) {
      return { killedBy: `${spec}: ${error}` };
    }
    const failed = await new Promise<string | undefined>((resolve) => {
      let first: string | undefined;
      mocha
        .run(() => resolve(first))
        .on('fail', (test: Mocha.Runnable) => {
          first ??= test.titlePath().join(' › ');
        });
    });
    if (failed !== undefined) return { killedBy: failed };
  }
  return {};
}

process.on('message', (question: Question) => {
  answer(question).then(
    (found) => process.send?.(found),
    (error: unknown) => process.send?.({ killedBy: String(error) }),
  );
});
