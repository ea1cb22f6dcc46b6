import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { endingOfRun } from '@backendai-e2e/api/run-outcome';
import { unlessMissing } from '@backendai-e2e/cli/machine/optional-file';
import { type Trial, trialOf } from '@backendai-e2e/cli/series/trial';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { runRecord } from '@backendai-e2e/results/run-record';
import type { Deployment } from './plan.ts';

/**
 * The trial whose results are in a folder of an earlier call, out/backtest/<release>. Undefined where the folder has no
 * run.json, or where that run did not have all suites of the deployment. Throws an Error for a run.json that is none.
 */
export async function earlierTrial(folder: string, wanted: Deployment): Promise<Trial | undefined> {
  const file = path.join(folder, 'run.json');
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return undefined;
  const found = readRunFile(text, file);
  const trial = trialOf({ ending: endingOfRun(found.run), run: runRecord(found) });
  return wanted.suites.every((suite) => trial.verdicts.has(suite)) ? trial : undefined;
}
