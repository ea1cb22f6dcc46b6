import { buildPage, type PageSource } from '@backendai-e2e/page/model/build-page';
import type { PageData, PageFailure } from '@backendai-e2e/page/model/data/page-data';
import { readPageSource } from '@backendai-e2e/page/page-file';
import { alignedRun } from '@backendai-e2e/results/clocks';
import { plainLine } from '@backendai-e2e/results/plain-text';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import { runRecord } from '@backendai-e2e/results/run-record';
import { faultLines } from './fault-lines.ts';
import { pageOptions } from './page-options.ts';

/** Failures that are explained with several candidates, candidates of each, and sentences of each candidate. */
const MAX_EXPLAINED = 5;
const MAX_CANDIDATES = 2;
const MAX_SENTENCES = 3;
/** Further failures, a line each. The page has all. */
const MAX_LINES = 30;

/**
 * The faults of a run and the first causes of its failures, as the page shows them, for a terminal. Without logs, only what
 * Kubernetes, faults and the tests say counts. No lines where there was no fault, and nothing failed or nothing speaks for any
 * component. Pure.
 */
export function storyLines(seen: WholeRunFile, catalog: PageSource['catalog'] = new Map()): string[] {
  const file = alignedRun(seen);
  return storyOf(file, buildPage({ file, catalog, logs: [], pageLogs: [], phases: [], missing: [] }));
}

/**
 * The same of the run in a folder of results. Its logs and the history count as on its page.
 * @param history folder of the history
 * @throws Error if the folder has no run
 */
export async function storyOfFolder(folder: string, history?: string): Promise<string[]> {
  const options = await pageOptions(folder, history);
  const source = await readPageSource(folder, options);
  return storyOf(source.file, buildPage(source));
}

/** The leading candidate of each failure, a line each, with a line before them. No lines where nothing is known. Pure. */
export function leadingLines(failures: readonly PageFailure[]): string[] {
  const explained = explainedOf(failures);
  if (explained.length === 0) return [];
  return ['first causes:', ...lineEach(explained)].map(plainLine);
}

function storyOf(file: WholeRunFile, { faults, failures }: Pick<PageData, 'faults' | 'failures'>): string[] {
  const explained = explainedOf(failures);
  const [most, rest] = [explained.slice(0, MAX_EXPLAINED), explained.slice(MAX_EXPLAINED)];
  const further = rest.length > 0 ? ['', `first causes of ${rest.length} more:`, ...lineEach(rest)] : [];
  const noted = notedLines(file, explained);
  return [...faultLines(faults), ...most.flatMap(explanation), ...further, ...noted].map(plainLine);
}

/** What the operator noted when a suite failed, if nothing else says the same. Pods and events do not stay. */
function notedLines(file: WholeRunFile, failures: readonly PageFailure[]): string[] {
  const lines = runRecord(file).suites.flatMap(({ name, failed, report }) => {
    const noted = file.reports.find(({ metadata }) => metadata.name === report)?.status?.firstCause;
    if (!failed || noted === undefined) return [];
    const known = failures.some(
      ({ suite, causes }) => suite === name && noted.startsWith(`${causes[0]?.component}: `),
    );
    return known ? [] : [`  ${name} → ${noted}`];
  });
  return lines.length === 0 ? [] : ['', 'first causes that the operator noted:', ...lines];
}

/** The failures for which something speaks. A known issue has its cause in its list. */
function explainedOf(failures: readonly PageFailure[]): PageFailure[] {
  return failures.filter(({ state, causes }) => state !== 'known-issue' && causes.length > 0);
}

function explanation({ suite, title, environment, causes }: PageFailure): string[] {
  return [
    '',
    `first cause of ${suite}: ${title} (${environment})`,
    ...causes
      .slice(0, MAX_CANDIDATES)
      .flatMap(({ component, weight, evidence }, index) => [
        `  ${index + 1}. ${component} (weight ${weight})`,
        ...evidence.slice(0, MAX_SENTENCES).map((sentence) => `     ${sentence}`),
      ]),
  ];
}

function lineEach(failures: readonly PageFailure[]): string[] {
  const more = failures.length - MAX_LINES;
  return [
    ...failures.slice(0, MAX_LINES).flatMap(({ suite, title, causes: [first] }) => {
      return first ? [`  ${suite}: ${title} → ${first.component}: ${first.evidence[0] ?? ''}`] : [];
    }),
    ...(more > 0 ? [`  … and ${more} more, on the page that e2e report writes`] : []),
  ];
}
