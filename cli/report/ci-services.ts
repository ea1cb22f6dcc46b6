import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { githubAnnotations } from '@backendai-e2e/results/github-annotations';
import { reported } from '@backendai-e2e/results/reporter';
import { type RunObjects, runRecord } from '@backendai-e2e/results/run-record';
import { appendStepSummary } from '../collect/job-page.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { trustedOutput } from '../terminal/guarded-output.ts';
import { placesIn } from './test-places.ts';

/** Name of the report for GitLab, in the folder of a run. */
const GITLAB_ANNOTATIONS = 'gitlab-annotations.json';

/** What {@link showInService} works with. Tests give it stand-ins. */
export interface ServiceOptions {
  /** Folder of the run with its page, absolute; undefined where a command writes none. */
  out?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Takes commands for GitHub Actions. */
  write?: (text: string) => void;
}

/**
 * Shows a run where its CI service looks. GitHub Actions get a summary on the page of the job, and annotations at the tests
 * that failed. GitLab gets a link to the page of the run. Without a service, nothing happens. Returns a sentence for each part
 * that could not be written: none of them may change a verdict.
 */
export async function showInService(objects: RunObjects, options: ServiceOptions = {}): Promise<string[]> {
  const { env = process.env, write = (text) => void process.stderr.write(text) } = options;
  if (env.GITHUB_ACTIONS) {
    const places = placesIn(path.join(PROJECT_ROOT, 'suites'), env.GITHUB_WORKSPACE || PROJECT_ROOT);
    const commands = reported(githubAnnotations(places), runRecord(objects));
    // The reporter makes everything in them printable, and escapes what would be another command.
    if (commands !== '') await trustedOutput(async () => write(commands));
  }
  const troubles = [
    await appendStepSummary(objects, env),
    ...(options.out && env.GITLAB_CI ? [await writeGitlabLink(options.out, env)] : []),
  ];
  return troubles.flatMap((trouble) => trouble ?? []);
}

/**
 * Writes what GitLab reads as artifacts:reports:annotations: links on the page of the job.
 * https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations
 */
async function writeGitlabLink(
  out: string,
  { CI_JOB_URL: job, CI_PROJECT_DIR: project }: NonNullable<ServiceOptions['env']>,
): Promise<string | undefined> {
  const page = path.relative(project || PROJECT_ROOT, path.join(out, 'index.html'));
  if (!job || page.startsWith('..')) return undefined;
  const parts = page.split(path.sep).map(encodeURIComponent);
  const url = `${job}/artifacts/file/${parts.join('/')}`;
  const links = { 'End-to-end tests': [{ external_link: { label: 'The page of this run', url } }] };
  try {
    await writeFile(path.join(out, GITLAB_ANNOTATIONS), `${JSON.stringify(links, null, 2)}\n`);
    return undefined;
  } catch (error) {
    return `cannot write ${GITLAB_ANNOTATIONS}: ${error instanceof Error ? error.message : error}`;
  }
}
