import { buildPage } from '@backendai-e2e/page/model/build-page';
import type { LogText } from '@backendai-e2e/page/model/log-lines';
import { plainLine } from '@backendai-e2e/results/plain-text';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';

/** Failures that are explained, candidates of each, and sentences of each candidate. The page has all. */
const MAX_FAILURES = 5;
const MAX_CANDIDATES = 2;
const MAX_SENTENCES = 3;

/**
 * The first causes of the failures of a run, as the page shows them, for a terminal. No lines where nothing failed, or where
 * nothing speaks for any component. Pure.
 * @param logs logs of components; without them, only what Kubernetes and faults say counts
 */
export function firstCauseLines(file: WholeRunFile, logs: readonly LogText[] = []): string[] {
  const page = buildPage({
    ...{ file, logs, pageLogs: [], catalog: new Map(), phases: [], missing: [] },
  });
  const explained = page.failures.filter(({ state, causes }) => state !== 'known-issue' && causes.length > 0);
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
  ].map(plainLine);
}
