import { appendFile } from 'node:fs/promises';

/**
 * Adds Markdown to the page of the CI job, where there is one: GitHub Actions (and those that copy it) name a file in
 * $GITHUB_STEP_SUMMARY. Returns a sentence where that could not be done: a page that is lost must not change a verdict.
 */
export async function appendStepSummary(
  markdown: string,
  env: Record<string, string | undefined> = process.env,
): Promise<string | undefined> {
  const file = env.GITHUB_STEP_SUMMARY;
  if (!file) return undefined;
  try {
    await appendFile(file, markdown.endsWith('\n') ? markdown : `${markdown}\n`);
    return undefined;
  } catch (error) {
    return `the summary could not be added to the job's page: ${error instanceof Error ? error.message : error}`;
  }
}
