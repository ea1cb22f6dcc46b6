import { buildPage, type PageSource } from '@backendai-e2e/page/model/build-page';
import type { PageFailure } from '@backendai-e2e/page/model/page-data';
import type { LogText } from '@backendai-e2e/results/causes/log-lines';
import { plainLine } from '@backendai-e2e/results/plain-text';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import { faultLines } from './fault-lines.ts';

/** Failures that are explained, candidates of each, and sentences of each candidate. The page has all. */
const MAX_FAILURES = 5;
const MAX_CANDIDATES = 2;
const MAX_SENTENCES = 3;

/** What explains a run on a terminal, besides its objects. */
export interface StorySource {
  /** Logs of components. Without them, only what Kubernetes, faults and the tests say counts. */
  logs?: readonly LogText[];
  /** What the catalog says about each suite. */
  catalog?: PageSource['catalog'];
}

/**
 * The faults of a run and the first causes of its failures, as the page shows them, for a terminal. No lines where there was no
 * fault, and nothing failed or nothing speaks for any component. Pure.
 */
export function storyLines(
  file: WholeRunFile,
  { logs = [], catalog = new Map() }: StorySource = {},
): string[] {
  const page = buildPage({ file, logs, catalog, pageLogs: [], phases: [], missing: [] });
  return [...faultLines(page.faults), ...causeLines(page.failures)].map(plainLine);
}

function causeLines(failures: readonly PageFailure[]): string[] {
  const explained = failures.filter(({ state, causes }) => state !== 'known-issue' && causes.length > 0);
  const more = explained.length - MAX_FAILURES;
  return [
    ...explained
      .slice(0, MAX_FAILURES)
      .flatMap(({ suite, title, environment, causes }) => [
        '',
        `first cause of ${suite}: ${title} (${environment})`,
        ...causes
          .slice(0, MAX_CANDIDATES)
          .flatMap(({ component, weight, evidence }, index) => [
            `  ${index + 1}. ${component} (weight ${weight})`,
            ...evidence.slice(0, MAX_SENTENCES).map((sentence) => `     ${sentence}`),
          ]),
      ]),
    ...(more > 0 ? [`… and ${more} more, on the page that e2e report writes`] : []),
  ];
}
