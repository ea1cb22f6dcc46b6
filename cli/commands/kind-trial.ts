import path from 'node:path';
import { readCatalog } from '../catalog/catalog.ts';
import { suitesNamed } from '../catalog/chosen-suites.ts';
import { copyResults } from '../collect/results-folder.ts';
import { NAMES } from '../kind/names.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { checkGrep } from '../runs/run-spec.ts';
import { type Trial, trialOf } from '../series/trial.ts';
import { type KindChoice, kindJob } from './kind.ts';

/** Which tests every job of a series runs. */
export type TrialTests = Pick<
  KindChoice,
  'suites' | 'grep' | 'rounds' | 'includeSlow' | 'timeoutSeconds' | 'parallelism'
> & {
  /** Run on the kept cluster, which stays. Default: each job has a cluster of its own. */
  reuse?: boolean;
};

/** Refuses suites that do not exist and a wrong pattern, before the first job. @throws UnknownSuites, or an Error */
export async function checkTests({ suites, grep, includeSlow }: TrialTests): Promise<void> {
  checkGrep(grep);
  suitesNamed(suites, await readCatalog(PROJECT_ROOT), includeSlow);
}

/**
 * One job of a series: a new cluster with one Backend.AI, the tests on it, and the cluster removed. With `reuse`, the kept
 * cluster gets that Backend.AI.
 * @param backendAi as the user would write it
 * @param folder where its results go, relative to the checkout
 */
export async function kindTrial(backendAi: string, tests: TrialTests, folder: string): Promise<Trial> {
  const once = { keep: false, killOperator: false, environments: 1, dryRun: false };
  const end = await kindJob({ reuse: false, ...tests, ...once, backendAi });
  // A job that was refused before it began left the results of the job before it.
  if (end.began) await copyResults(path.join(PROJECT_ROOT, NAMES.out), path.join(PROJECT_ROOT, folder));
  return trialOf(end);
}
