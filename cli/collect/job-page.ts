import { appendFile } from 'node:fs/promises';
import { markdownReporter } from '@backendai-e2e/results/markdown';
import { reported } from '@backendai-e2e/results/reporter';
import { type RunObjects, runRecord } from '@backendai-e2e/results/run-record';

/**
 * Adds a run to the page of the CI job, as Markdown. GitHub Actions, and systems that copy it, name the page's file in
 * $GITHUB_STEP_SUMMARY; without that variable nothing happens. Returns a sentence if the file cannot be written: a lost
 * page must not change a verdict.
 */
export async function appendStepSummary(
  objects: RunObjects,
  env: Record<string, string | undefined> = process.env,
): Promise<string | undefined> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return undefined;
  try {
    await appendFile(file, reported(markdownReporter, runRecord(objects)));
    return undefined;
  } catch (error) {
    return `cannot add the summary to the job's page ($GITHUB_STEP_SUMMARY): ${error instanceof Error ? error.message : error}`;
  }
}
