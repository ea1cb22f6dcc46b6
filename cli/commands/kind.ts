import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { runRecord } from '@backendai-e2e/results/run-record';
import { parse } from 'yaml';
import { type Choice, choiceInWords, readChoice } from '../backend-ai/choice.ts';
import { type CatalogEntry, readCatalog } from '../catalog/catalog.ts';
import { listing, suitesNamed, usualSuites, withLast } from '../catalog/chosen-suites.ts';
import { secondsOf } from '../catalog/durations.ts';
import { longestFirst, shuffled } from '../catalog/order.ts';
import { collector } from '../collect/job-collector.ts';
import { clearResults, writeFigures } from '../collect/results-folder.ts';
import { keepRun } from '../history/keep-run.ts';
import { gatedEnding, gateLines, judgeResults } from '../history/run-gate.ts';
import { type Effects, realEffects } from '../kind/effects.ts';
import { keptLines } from '../kind/kept-cluster.ts';
import type { KindOptions } from '../kind/kind-options.ts';
import { runKind } from '../kind/kind-pipeline.ts';
import { environmentNames, NAMES, WHOLE_RUN_ENVIRONMENTS } from '../kind/names.ts';
import { environmentsFor } from '../machine/doctor.ts';
import { defaultCacheDir, PROJECT_ROOT, ProvisionError } from '../machine/provision.ts';
import { runPage } from '../page/run-page.ts';
import { PHASES, PhaseClock } from '../pipeline/phases.ts';
import { showInService } from '../report/ci-services.ts';
import { figuresOf, jobEndLines } from '../report/job-summary.ts';
import { scheduleLines } from '../report/schedule-lines.ts';
import { endingOfError, lastLine } from '../runs/ending.ts';
import { checkGrep } from '../runs/run-spec.ts';
import type { JobEnd } from '../series/job-end.ts';
import { onInterrupt, stoppedBy } from '../terminal/interrupt.ts';
import { openJobLog } from '../terminal/job-log.ts';
import { rendererFor } from '../terminal/renderer.ts';
import { readDurations } from './suite-durations.ts';

/** Milliseconds to look at the folder that --backend-ai names: git may have to compare thousands of files. */
const LOOK_MS = 60_000;
/** The suites that a run with an upgrade has by default. */
const UPGRADE_AREA = 'upgrade';

/** What a user chooses of `e2e kind`, and other commands for the job in kind. */
export interface KindChoice {
  /** Suites, areas or suite files, separated by commas; undefined for all. */
  suites?: string;
  grep?: string;
  /** How often suites that try one thing several times do so. */
  rounds?: number;
  keep: boolean;
  reuse: boolean;
  includeSlow: boolean;
  timeoutSeconds: number;
  /** Suites that may run side by side in each environment, 1 to 50. */
  parallelism: number;
  /** Equal environments, 1 to 5; undefined: several for all suites, one for a part. */
  environments?: number;
  /** Start the suites in a chance order, that of this seed. */
  shuffle?: string;
  /** Kill the operator once in mid-run; undefined: in runs of all suites. */
  killOperator?: boolean;
  /** Which Backend.AI, as the user wrote it; undefined: the pinned release. */
  backendAi?: string;
  /** Which one to upgrade to while the suites of upgrade run. */
  upgradeTo?: string;
  /** Print the plan, and change nothing. */
  dryRun: boolean;
}

/** `e2e kind`: the whole job. Returns the exit code (COMMAND_EXIT). */
export async function kindCommand(options: KindChoice): Promise<number> {
  return (await kindJob(options)).ending.code;
}

/** What a command that runs several jobs gives each of them. */
export interface JobParts {
  /** Default: the real ones. */
  effects?: Effects;
  /** Ends the job as Ctrl-C would. */
  superseded?: AbortSignal;
}

/** The whole job, for commands that need more of it than its exit code. Never throws. */
export async function kindJob(options: KindChoice, parts: JobParts = {}): Promise<JobEnd> {
  const clock = new PhaseClock();
  const job = await orRefusal(kindOptions(options));
  if ('ending' in job) return job;
  if (options.dryRun) {
    console.log((await planLines(job)).join('\n'));
    return { ending: { code: COMMAND_EXIT.passed, sentence: 'nothing was changed' }, began: false };
  }
  return perform(job, clock, parts);
}

/** The options of a job, or how it ended after the reason for their refusal was printed. */
async function orRefusal(options: Promise<KindOptions>): Promise<KindOptions | JobEnd> {
  try {
    return await options;
  } catch (error) {
    const ending = endingOfError(error);
    console.error(lastLine(ending));
    return { ending, began: false };
  }
}

/** `e2e up`: creates the cluster with Backend.AI and keeps it. Updates what exists. */
export async function upCommand(backendAi?: string): Promise<number> {
  const clock = new PhaseClock();
  const nothing = { includeSlow: true, timeoutSeconds: 1, parallelism: 1, environments: 1, dryRun: false };
  const which = backendAi ? { backendAi } : {};
  const job = await orRefusal(kindOptions({ ...nothing, ...which, keep: true, reuse: false }));
  return ('ending' in job ? job : await perform({ ...job, upOnly: true }, clock)).ending.code;
}

/** Runs the pipeline and prints progress, results and hints. */
async function perform(
  job: KindOptions,
  clock: PhaseClock,
  { effects = realEffects(PROJECT_ROOT), superseded }: JobParts = {},
): Promise<JobEnd> {
  const out = path.join(PROJECT_ROOT, NAMES.out);
  await clearResults(out);
  const log = openJobLog(path.join(out, 'job.log'));
  const renderer = rendererFor(process.stdout, () => clock.elapsed(), log.write);
  const interruption = stoppedBy(
    superseded,
    onInterrupt((line) => renderer.print([line])),
  );
  try {
    const places = environmentNames(job.environments ?? 1).map(({ namespace }) => namespace);
    const namespaces = [NAMES.operatorNamespace, ...places];
    const sites = { out, shown: NAMES.out, operatorNamespace: NAMES.operatorNamespace, namespaces };
    const collect = collector(sites, effects.connect);
    const { ending: ended, state } = await runKind(job, { effects, renderer, clock, interruption, collect });
    const figures = figuresOf(clock, state);
    const gate = await judgeResults(out, state.collected ? state.seen.run : undefined);
    const ending = gatedEnding(ended, gate);
    const { run, reports } = state.seen;
    const schedule = run ? scheduleLines({ ...state, run, reports }, await readCatalog(PROJECT_ROOT)) : [];
    const lines = jobEndLines(ending, state, figures, schedule);
    await writeFigures(out, figures, lines);
    renderer.print(run ? await showInService({ run, reports }, { out }) : []);
    const page = state.collected && run ? [...(await runPage(out, NAMES.out)), ...(await keepRun(out))] : [];
    renderer.print([
      ...lines.slice(0, -1),
      ...page,
      ...gateLines(gate),
      ...(state.kept ? [...keptLines(state), ''] : []),
      ...lines.slice(-1),
    ]);
    return { ending, began: true, ...(run ? { run: runRecord({ run, reports }) } : {}) };
  } finally {
    interruption.dispose();
    await log.close();
  }
}

/** Checks all options before anything is built. */
async function kindOptions(options: KindChoice): Promise<KindOptions> {
  checkGrep(options.grep);
  const catalog = await readCatalog(PROJECT_ROOT);
  const { upgradeTo } = options;
  if (upgradeTo) refuseWithUpgrade(options);
  const asked = suitesNamed(options.suites ?? (upgradeTo && UPGRADE_AREA), catalog, options.includeSlow);
  const environments =
    options.environments ?? (upgradeTo ? 1 : usualEnvironments(options, totalmem() / 2 ** 30));
  // The leak audit compares with the database before the suites, which the upgrade migrates.
  const chosen = upgradeTo ? asked : withLast(asked, catalog, options.grep);
  const names = catalog.map(({ name }) => name);
  const { durations, troubles } = await readDurations(names, { root: PROJECT_ROOT, environments });
  for (const trouble of troubles) console.error(`e2e: note: ${trouble}`);
  const suites = ordered(chosen, catalog, secondsOf(durations), { ...options, environments });
  const backendAi = await choiceOf(options.backendAi);
  const later = await choiceOf(upgradeTo);
  const values: unknown = parse(await readFile(path.join(PROJECT_ROOT, NAMES.environmentValues), 'utf8'));
  return {
    ...(suites ? { suites } : {}),
    ...(options.grep ? { grep: options.grep } : {}),
    ...(options.rounds ? { rounds: options.rounds } : {}),
    ...(kills(options) ? { killOperator: sparedSuites(catalog) } : {}),
    ...(backendAi ? { backendAi } : {}),
    ...(later ? { upgradeTo: later } : {}),
    keep: options.keep,
    reuse: options.reuse,
    includeSlow: options.includeSlow,
    timeoutSeconds: options.timeoutSeconds,
    parallelism: options.parallelism,
    environments,
    catalog: names,
    environmentValues: (values ?? {}) as Record<string, unknown>,
    cacheDir: defaultCacheDir(),
  };
}

/** The Backend.AI that is asked for, as far as this machine knows it. Whether a release exists, the image build asks. */
async function choiceOf(backendAi: string | undefined): Promise<Choice | undefined> {
  if (!backendAi) return undefined;
  return readChoice(backendAi, {
    log: () => {},
    signal: AbortSignal.timeout(LOOK_MS),
    cacheDir: defaultCacheDir(),
  });
}

/**
 * The suites in their starting order. A seed decides it. Without one, several slots start the longest suites first. Otherwise
 * the operator's order holds (undefined: all).
 */
export function ordered(
  suites: string[] | undefined,
  catalog: readonly CatalogEntry[],
  seconds: ReadonlyMap<string, number>,
  options: Pick<KindChoice, 'shuffle' | 'includeSlow' | 'parallelism' | 'environments'>,
): string[] | undefined {
  const { shuffle, includeSlow, parallelism, environments = 1 } = options;
  const all = () => suites ?? usualSuites(catalog, includeSlow).map(({ name }) => name);
  if (shuffle !== undefined) return shuffled(all(), shuffle);
  return parallelism * environments > 1 ? longestFirst(all(), seconds) : suites;
}

/** The number of environments that a job has by default: several for all suites, as far as memory allows. */
export function usualEnvironments(
  { suites, grep, includeSlow }: Pick<KindChoice, 'suites' | 'grep' | 'includeSlow'>,
  memoryGib: number,
): number {
  const isPart = suites !== undefined || grep !== undefined || !includeSlow;
  return isPart ? 1 : environmentsFor(memoryGib, WHOLE_RUN_ENVIRONMENTS);
}

/** @throws ProvisionError for options that an upgrade cannot have */
function refuseWithUpgrade({ reuse, environments = 1 }: KindChoice): void {
  if (!reuse && environments === 1) return;
  throw new ProvisionError(
    '--upgrade-to (UPGRADE_TO) upgrades the one environment of a new cluster.',
    'Leave out --reuse (REUSE) and --environments (ENVIRONMENTS).',
  );
}

/** Whether the operator is killed during the run. By default only runs of all suites do so. */
function kills({ killOperator, suites, grep, upgradeTo }: KindChoice): boolean {
  return killOperator ?? (suites === undefined && grep === undefined && upgradeTo === undefined);
}

/** Suites that break things or count leftovers: they need the operator throughout. */
function sparedSuites(catalog: readonly CatalogEntry[]): string[] {
  return catalog.filter(({ disruptive, last }) => disruptive || last).map(({ name }) => name);
}

async function planLines(job: KindOptions): Promise<string[]> {
  const catalog = await readCatalog(PROJECT_ROOT);
  const chosen = job.suites
    ? catalog.filter((suite) => job.suites?.includes(suite.name))
    : usualSuites(catalog, job.includeSlow);
  const places = environmentNames(job.environments ?? 1);
  return [
    `phases: ${PHASES.join(', ')}`,
    `cluster: ${NAMES.cluster} (${job.reuse ? 'the kept one' : 'new'}, ${job.keep || job.reuse ? 'kept at the end' : 'deleted at the end'})`,
    `cache: ${job.cacheDir}`,
    `results: ${NAMES.out}`,
    ...(job.backendAi ? [`Backend.AI: ${choiceInWords(job.backendAi)}`] : []),
    ...(job.upgradeTo ? [`upgraded to: ${choiceInWords(job.upgradeTo)}`] : []),
    `seconds for the run: ${job.timeoutSeconds}`,
    ...(places.length > 1
      ? [`environments: ${places.map(({ name, namespace }) => `${name} in ${namespace}`).join(', ')}`]
      : []),
    `suites side by side${places.length > 1 ? ' in each' : ''}: ${job.parallelism}`,
    ...(job.rounds ? [`rounds of suites that have rounds: ${job.rounds}`] : []),
    ...(job.grep ? [`only tests that match: ${job.grep}`] : []),
    `suites (${chosen.length}):`,
    ...listing(chosen),
    ...(job.suites ? [`in this order: ${job.suites.join(', ')}`] : []),
  ];
}
