import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** What a job writes. Everything else in the folder stays, the kubeconfig of a kept cluster first of all. */
const RESULTS = [
  'run.json',
  'junit.xml',
  'phases.json',
  'summary.txt',
  'summary.md',
  'job.log',
  'logs',
  'artifacts',
  'operator-values.yaml',
];

/** Takes the results of an earlier job out of the folder (absolute path), so that nobody reads them for this one's. */
export async function clearResults(out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  for (const name of RESULTS) await rm(path.join(out, name), { recursive: true, force: true });
}
