import { alignedRun } from '@backendai-e2e/results/clocks';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import { type Bundle, bundleOf } from './bundle.ts';
import { buildPage, type PageSource } from './model/build-page.ts';
import type { Live, PageData, PageLog } from './model/data/page-data.ts';
import { PAST_TESTS } from './model/data/past-data.ts';
import { pastOfRun } from './model/past/past-of-run.ts';
import { inert } from './model/text/inert.ts';
import { pageHtml, policyOf } from './page-html.ts';

/** What a live page is made from, besides the run. */
export interface LiveOptions extends Pick<PageSource, 'catalog' | 'missing' | 'proof'> {
  history: readonly HistoryRecord[];
  /** Logs that the page asks for by their id. */
  pageLogs: readonly PageLog[];
  live: Live;
}

/** A page as it is now. */
export interface LiveView {
  data: PageData;
  /** Texts that the page asks for, by their id; logs are not among them. */
  texts: ReadonlyMap<string, string>;
}

/** The page of a run that may go on. It has no log lines: the reader asks for each log. Pure. */
export function livePage(file: WholeRunFile, { history, ...options }: LiveOptions): LiveView {
  const past = pastOfRun(file, history);
  const data = buildPage({ file: alignedRun(file), logs: [], phases: [], ...options, ...past });
  return { data, texts: new Map(past.tests ? [[PAST_TESTS, JSON.stringify(inert(past.tests))]] : []) };
}

/** Draws live pages: the HTML of one, and its policy for the header of an answer. */
export interface LiveDrawing {
  html(data: PageData): string;
  policy(data: PageData): string;
}

/**
 * The drawing of live pages with the bundle of the sources as they are.
 * @param cacheDir folder that keeps what is expensive to make
 */
export async function liveDrawing(cacheDir: string): Promise<LiveDrawing> {
  const bundle: Bundle = await bundleOf(cacheDir);
  return {
    html: (data) => pageHtml(data, new Map(), bundle),
    policy: (data) => policyOf(data, bundle),
  };
}
