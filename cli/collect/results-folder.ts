import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { disagreements, outputNotes } from '@backendai-e2e/results/agreement';
import { allureReporter } from '@backendai-e2e/results/allure';
import { ctrfReporter } from '@backendai-e2e/results/ctrf';
import { junitReporter, readJunit } from '@backendai-e2e/results/junit';
import { markdownReporter } from '@backendai-e2e/results/markdown';
import {
  type MakeFolderReporter,
  type MakeReporter,
  reported,
  reportedFiles,
} from '@backendai-e2e/results/reporter';
import { type RunCost, type RunFile, readRunFile } from '@backendai-e2e/results/run-file';
import { type RunObjects, runRecord } from '@backendai-e2e/results/run-record';
import type { ObservedTest } from '@backendai-e2e/results/test-record';
import { unlessMissing } from '../machine/optional-file.ts';
import type { JobEvent, JobFigures } from './job-record.ts';
import type { Surroundings } from './run-surroundings.ts';

const JUNIT = 'junit.xml';

/** Whether the sources of the results agree, for the page of the run. */
export const AGREEMENT = 'agreement.json';

/** The run.json of the run before, which the page of a run compares with. */
export const PREVIOUS = 'previous-run.json';

/** The files that reporters write. */
const REPORTERS: Readonly<Record<string, MakeReporter>> = {
  [JUNIT]: junitReporter,
  'ctrf.json': ctrfReporter,
  'summary.md': markdownReporter,
};

/** The folders that reporters fill. */
const FOLDER_REPORTERS: Readonly<Record<string, MakeFolderReporter>> = { 'allure-results': allureReporter };

/** What a job writes into its folder. Everything else in the folder stays, above all the kubeconfig of a kept cluster. */
export const RESULTS: readonly string[] = [
  'run.json',
  ...Object.keys(REPORTERS),
  ...Object.keys(FOLDER_REPORTERS),
  AGREEMENT,
  'phases.json',
  'summary.txt',
  'gitlab-annotations.json',
  'index.html',
  'job.log',
  'logs',
  'artifacts',
  'operator-values.yaml',
];

/**
 * Removes the results of an earlier job from the folder (absolute path), so that they cannot pass for new ones. Its
 * run.json stays under another name.
 */
export async function clearResults(out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  await unlessMissing(rename(path.join(out, 'run.json'), path.join(out, PREVIOUS)));
  for (const name of RESULTS) await rm(path.join(out, name), { recursive: true, force: true });
}

/** The results of one job among several: what explains it, without the logs and the artifacts. */
const EXPLAINING = ['run.json', ...Object.keys(REPORTERS), 'summary.txt', 'index.html', 'job.log'];

/** Copies the results that explain a job into another folder, in place of earlier ones. Both paths are absolute. */
export async function copyResults(out: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of EXPLAINING) {
    // A job that did not get that far wrote less.
    await unlessMissing(copyFile(path.join(out, name), path.join(folder, name)));
  }
}

/** What {@link writeResults} needs besides the run. */
export interface ResultsOptions {
  /** Tests that the pod of each attempt printed, by the name of its TestReport. */
  printed: ReadonlyMap<string, readonly ObservedTest[]>;
  /** What the job did to the run, for run.json. */
  events?: readonly JobEvent[];
  /** What else run.json holds. */
  surroundings?: Surroundings;
  /** What the run cost the node, for run.json. */
  cost?: RunCost;
}

/**
 * Writes run.json and the file of each reporter, reads run.json and junit.xml back, and compares them. Returns one
 * sentence for each disagreement, and one note for each difference from what the pods printed. agreement.json holds both.
 */
export async function writeResults(
  out: string,
  { run, reports }: RunObjects,
  { printed, events = [], surroundings, cost }: ResultsOptions,
): Promise<{ troubles: string[]; notes: string[] }> {
  const runFile = path.join(out, 'run.json');
  const record = runRecord({ run, reports });
  const content: RunFile = { run, reports, events, ...surroundings, ...(cost ? { cost } : {}) };
  await writeFile(runFile, `${JSON.stringify(content, null, 2)}\n`);
  for (const [file, reporter] of Object.entries(REPORTERS)) {
    await writeFile(path.join(out, file), reported(reporter, record));
  }
  for (const [folder, reporter] of Object.entries(FOLDER_REPORTERS)) {
    await writeFolder(path.join(out, folder), reportedFiles(reporter, record));
  }
  const written = readRunFile(await readFile(runFile, 'utf8'), runFile);
  const junit = readJunit(await readFile(path.join(out, JUNIT), 'utf8'));
  const differing = disagreements({ ...written, junit });
  const notes = outputNotes(written.reports, printed);
  const tests = [...junit.values()].reduce((sum, each) => sum + each.length, 0);
  const agreement = { tests, disagreements: differing, notes };
  await writeFile(path.join(out, AGREEMENT), `${JSON.stringify(agreement, null, 2)}\n`);
  return { troubles: differing.map((line) => `the results disagree: ${line}`), notes };
}

/** Writes a folder with these files and no others. Results of an earlier state of the run would count as more tests. */
async function writeFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(path.join(folder, name), text);
}

/** Writes phases.json and summary.txt. */
export async function writeFigures(
  out: string,
  figures: JobFigures,
  lines: readonly string[],
): Promise<void> {
  await writeFile(path.join(out, 'phases.json'), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(path.join(out, 'summary.txt'), `${lines.join('\n')}\n`);
}
