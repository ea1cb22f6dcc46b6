import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { kindTrial } from '@backendai-e2e/cli/commands/kind-trial';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { isInterrupted, type Trial } from '@backendai-e2e/cli/series/trial';
import { table } from '@backendai-e2e/cli/terminal/table';
import { InvalidList } from '@backendai-e2e/suites/lists/files';
import { earlierTrial } from './earlier-trial.ts';
import { judge } from './judge.ts';
import { BACKTEST_PAGE, backtestPage } from './page.ts';
import { type Comparison, comparisons, type Deployment, deployments, selectRepairs } from './plan.ts';
import { pairInWords, pairOf, type Repair, readRepairs } from './repairs.ts';
import { merged, readTried, stateOf, type Tried, tallyInWords, tallyOf, writeTried } from './results.ts';

/** Seconds for one suite on a release with a fault, which may make each test wait for its full time-out. */
const SUITE_SECONDS = 1_500;
/** Seconds until a new environment is ready. */
const DEPLOY_SECONDS = 900;

/** What a developer chooses of `./tools/dev backtest`. */
export interface BacktestOptions {
  /** Print the repairs, and run nothing. */
  list?: boolean;
  /** Ids of repairs, separated by commas. Default: all. */
  rows?: string;
  /** "26.9.0..26.9.6": compare these two releases, by the repairs between them. */
  pair?: string;
  /** "26.9": compare the releases of the repairs that came in this series. */
  series?: string;
  /** Print what would be deployed, and run nothing. */
  dryRun?: boolean;
  /** Take the results of releases that an earlier call left in out/backtest, where it ran all suites. */
  resume?: boolean;
}

/**
 * `tools/dev backtest`: deploys releases with and without each repair, and runs the test that should show the difference. Writes
 * suites/backtest-results.json and docs/backtest.md as soon as both releases of a repair ran. Returns:
 * - 0 when every chosen repair that has a test was caught
 * - 1 when one was not
 * - 2 when the command could not run
 */
export async function backtestCommand(options: BacktestOptions): Promise<number> {
  const all = readRepairs();
  let chosen: Repair[];
  let compared: Comparison[];
  try {
    const pair = options.pair === undefined ? undefined : pairOf(options.pair, '--pair');
    const choice = { ids: namesIn(options.rows), pair, series: options.series };
    chosen = selectRepairs(all, choice);
    compared = comparisons(chosen, choice);
  } catch (error) {
    if (!(error instanceof InvalidList)) throw error;
    console.error(error.message);
    return COMMAND_EXIT.couldNotRun;
  }
  const jobs = deployments(compared);
  if (options.list || options.dryRun) {
    const lines = options.list ? listed(chosen, await readTried()) : planned(compared, jobs);
    console.log(lines.join('\n'));
    return COMMAND_EXIT.passed;
  }
  const code = await runAll(all, compared, jobs, options.resume === true);
  const tried = await readTried();
  console.log([...listed(chosen, tried), '', `${tallyInWords(tallyOf(chosen, tried))}.`].join('\n'));
  if (code !== undefined) return code;
  const caught = compared.every(({ repair }) => stateOf(repair, tried) === 'caught');
  return caught ? COMMAND_EXIT.passed : COMMAND_EXIT.failed;
}

/** Runs one job after another. Returns an exit code where it had to stop. */
async function runAll(
  all: readonly Repair[],
  compared: readonly Comparison[],
  jobs: readonly Deployment[],
  resume: boolean,
): Promise<number | undefined> {
  const trials = new Map<string, Trial>();
  for (const job of jobs) {
    const { release, suites, grep } = job;
    const folder = path.join('out', 'backtest', release);
    const earlier = resume ? await earlierTrial(path.join(PROJECT_ROOT, folder), job) : undefined;
    if (earlier) {
      console.log(`${release}: results of an earlier call, in ${folder}`);
      trials.set(release, earlier);
      await settle(all, compared, trials, release);
      continue;
    }
    const tests = {
      suites: suites.join(','),
      ...(grep === undefined ? {} : { grep }),
      includeSlow: true,
      timeoutSeconds: DEPLOY_SECONDS + SUITE_SECONDS * suites.length,
      parallelism: RUN_DEFAULTS.parallelism,
    };
    const trial = await kindTrial(release, tests, folder);
    if (isInterrupted(trial)) return COMMAND_EXIT.interrupted;
    trials.set(release, trial);
    await settle(all, compared, trials, release);
  }
  return undefined;
}

/** Judges what the trial of a release has completed, and writes results and page. */
async function settle(
  all: readonly Repair[],
  compared: readonly Comparison[],
  trials: ReadonlyMap<string, Trial>,
  release: string,
): Promise<void> {
  const complete = compared.filter(
    ({ pair }) =>
      [pair.before, pair.with].includes(release) && trials.has(pair.before) && trials.has(pair.with),
  );
  const outcomes = complete.map((one) => judge(one, trials));
  for (const { id, state, reason, said } of outcomes) {
    console.log([`${id}: ${state}`, reason, said].filter((part) => part).join(': '));
  }
  const today = new Date().toISOString().slice(0, 10);
  const tried = merged(all, await readTried(), outcomes, today);
  await writeTried(tried);
  await writeFile(path.join(PROJECT_ROOT, BACKTEST_PAGE), backtestPage(all, tried));
}

/** docs/backtest.md from what is in git. */
export async function writeBacktestPage(): Promise<void> {
  const page = backtestPage(readRepairs(), await readTried());
  await writeFile(path.join(PROJECT_ROOT, BACKTEST_PAGE), page);
}

function listed(repairs: readonly Repair[], tried: readonly Tried[]): string[] {
  const rows = repairs.map((repair) => [
    repair.id,
    repair.repaired.map(pairInWords).join(' '),
    repair.component,
    stateOf(repair, tried),
    'suite' in repair.witness ? repair.witness.suite : '',
    repair.wrong,
  ]);
  return table(['repair', 'releases', 'component', 'result', 'suite', 'wrong'], rows);
}

function planned(compared: readonly Comparison[], jobs: readonly Deployment[]): string[] {
  const repairs = compared.map(({ repair, pair }) => [
    repair.id,
    pairInWords(pair),
    'suite' in repair.witness ? `${repair.witness.suite}: ${repair.witness.test.source}` : '',
  ]);
  return [
    ...table(['repair', 'compares', 'by'], repairs),
    '',
    ...jobs.flatMap(({ release, suites, grep }) => [
      `deploy ${release}: ${suites.join(', ')}`,
      `  tests: ${grep ?? 'all of these suites'}`,
    ]),
    `${jobs.length} deployments, ${compared.length} repairs`,
  ];
}

function namesIn(list: string | undefined): string[] | undefined {
  return list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
