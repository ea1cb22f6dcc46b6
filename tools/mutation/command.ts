import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { type RanFiles, specsAt } from './coverage.ts';
import { changeOf, type Mutant, mutantsOf } from './mutants.ts';
import { mutationPage, share } from './page.ts';
import { sampleOf } from './sample.ts';
import { type Outcome, STUCK, Trials } from './trial.ts';

/** Where the code is that suites share, and their runner. */
const FOLDERS = ['assertions', 'chaos', 'clients', 'evidence', 'fixtures', 'runner'];
const FOLDER = 'suites';
const PAGE = 'docs/mutation.md';
/** These specs start the runner as a process, which loads the unchanged files. */
const ELSEWHERE = new Set(['suites/runner/main.spec.ts']);

/** What a developer chooses of `./tools/dev mutate`. The same seed takes the same sample. */
export interface MutateOptions {
  /** Most mutants to try. */
  sample: number;
  seed: number;
  /** Write docs/mutation.md. */
  record: boolean;
}

/**
 * `./tools/dev mutate`: changes the code that suites share, one change at a time, and runs the specs of the file. 1 if a change
 * survives.
 * @throws Error if a spec fails without a change
 * @param chosen files or folders below suites; none: all
 */
export async function mutateCommand(chosen: readonly string[], options: MutateOptions): Promise<number> {
  const read = (file: string): string => readFileSync(path.join(PROJECT_ROOT, file), 'utf8');
  const sources = globSync(`${FOLDER}/**/*.ts`, { cwd: PROJECT_ROOT }).sort();
  const specs = sources.filter((file) => file.endsWith('.spec.ts') && !ELSEWHERE.has(file));
  const files = sources.filter((file) => isShared(file) && isChosen(file, chosen));
  const mutants = files.flatMap((file) => mutantsOf(file, read(file)));
  const trials = new Trials(PROJECT_ROOT, FOLDER);
  try {
    const bySpec = new Map<string, RanFiles>();
    for (const spec of specs) bySpec.set(spec, await trials.watch(spec));
    const specsFor = ({ file, start }: Mutant) => specsAt(file, start, bySpec);
    const covered = mutants.filter((mutant) => specsFor(mutant).length > 0);
    const alone = mutants.filter((mutant) => specsFor(mutant).length === 0);
    const tried = sampleOf(covered, options.sample, options.seed);
    console.log(
      `${mutants.length} mutants of ${files.length} files; specs run ${covered.length} of them; trying ${tried.length}`,
    );
    const outcomes: Outcome[] = alone.map((mutant) => ({ mutant, fate: 'no spec' }));
    for (const mutant of tried) outcomes.push(await tryMutant(trials, mutant, specsFor(mutant)));
    const survivors = outcomes.filter(({ fate }) => fate === 'survived');
    for (const { mutant } of survivors) console.log(inWords(mutant, read(mutant.file)));
    const dead = tried.length - survivors.length;
    console.log(`noticed ${dead} of ${tried.length} mutants (${share(dead, tried.length)})`);
    if (options.record) {
      const date = new Date().toISOString().slice(0, 10);
      const facts = { all: covered.length, seed: options.seed, date, read };
      await writeFile(path.join(PROJECT_ROOT, PAGE), mutationPage(outcomes, facts));
    }
    return survivors.length > 0 ? 1 : 0;
  } finally {
    trials.stop();
  }
}

async function tryMutant(trials: Trials, mutant: Mutant, specs: readonly string[]): Promise<Outcome> {
  const by = await trials.ask(specs, mutant);
  process.stdout.write(by === undefined ? 's' : '.');
  if (by === undefined) return { mutant, fate: 'survived' };
  return by === STUCK ? { mutant, fate: 'stuck' } : { mutant, fate: 'killed', by };
}

function isShared(file: string): boolean {
  if (/\.spec\.ts$|\.d\.ts$/.test(file) || file.includes('/runner/fixtures/')) return false;
  return FOLDERS.some((folder) => file.startsWith(`${FOLDER}/${folder}/`));
}

function isChosen(file: string, chosen: readonly string[]): boolean {
  return (
    chosen.length === 0 ||
    chosen.some((each) => file === each || file.startsWith(`${each.replace(/\/$/, '')}/`))
  );
}

function inWords(mutant: Mutant, source: string): string {
  const { from, to } = changeOf(source, mutant);
  return `\n${mutant.file}:${mutant.line} ${mutant.operator}: ${from} → ${to || 'nothing'}`;
}
