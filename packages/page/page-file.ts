import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { alarmLines, kindOfLine, type LogText } from '@backendai-e2e/results/causes/log-lines';
import { alignedLog, alignedRun } from '@backendai-e2e/results/clocks';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { readRunFile, type WholeRunFile } from '@backendai-e2e/results/run-file';
import { bundleOf, writeWhole } from './bundle.ts';
import { buildPage, type PageSource } from './model/build-page.ts';
import type { PageData, PageLog } from './model/data/page-data.ts';
import { PAST_TESTS } from './model/data/past-data.ts';
import { pastOfRun } from './model/past/past-of-run.ts';
import { inert } from './model/text/inert.ts';
import { packLog } from './model/text/log-block.ts';
import { dataBytesIn, pageHtml, programBytes } from './page-html.ts';

/** What {@link writePage} cannot read in the folder. */
export interface PageOptions extends Partial<Pick<PageSource, 'catalog' | 'missing' | 'green' | 'proof'>> {
  /** Records of other runs, in any order; the run itself may be among them. */
  history?: readonly HistoryRecord[];
  cacheDir: string;
}

/** A page that was written. */
export interface WrittenPage {
  file: string;
  bytes: number;
  /** Bytes among them that are data, compressed. The rest is the program, and the text that needs no script. */
  dataBytes: number;
  /** Bytes among them that are the program and its style. */
  programBytes: number;
  run: Pick<PageData, 'name' | 'succeeded' | 'failures'>;
  /** Kinds of alarming lines in the logs. */
  kinds: readonly string[];
}

/** Name of the page in the folder of a run. */
const PAGE = 'index.html';
/** Bytes of text of one log on the page: its end. */
const LOG_BYTES = 1024 * 1024;
/** Bytes of text of all logs on the page. */
const ALL_LOG_BYTES = 32 * 1024 * 1024;

/** The log of a container in the folder of a run. */
interface LogFile extends LogText {
  /** Namespace, pod and container. */
  place: string;
}

/**
 * Reads what the page of a folder is made from: its run.json, phases.json, summary.txt and logs. The logs as a page holds them are
 * left out: packing them takes long.
 * @throws Error if the folder has no run.json
 */
export async function readPageSource(
  folder: string,
  options: Omit<PageOptions, 'cacheDir'>,
): Promise<PageSource & { logs: readonly LogFile[] }> {
  const runFile = path.join(folder, 'run.json');
  const written = readRunFile(await readFile(runFile, 'utf8'), runFile);
  const file = alignedRun(written);
  return {
    ...{ file, logs: await readLogs(path.join(folder, 'logs'), written), pageLogs: [] },
    missing: options.missing ?? [],
    catalog: options.catalog ?? new Map(),
    phases: await phasesOf(folder),
    ...(await exitOf(folder)),
    ...pastOfRun(file, options.history ?? []),
    ...(options.green ? { green: options.green } : {}),
    ...(options.proof ? { proof: options.proof } : {}),
  };
}

/**
 * Writes index.html into the folder of a run, from what {@link readPageSource} reads there.
 * @throws Error if the folder has no run.json
 */
export async function writePage(folder: string, options: PageOptions): Promise<WrittenPage> {
  const source = await readPageSource(folder, options);
  const { pageLogs, texts, missing } = packedLogs(source.logs);
  if (source.tests) texts.set(PAST_TESTS, JSON.stringify(inert(source.tests)));
  const data = buildPage({ ...source, pageLogs, missing: [...missing, ...source.missing] });
  const bundle = await bundleOf(options.cacheDir);
  const html = pageHtml(data, texts, bundle);
  const target = path.join(folder, PAGE);
  await writeWhole(target, html);
  const kinds = [...new Set(alarmLines(source.logs).map(kindOfLine))];
  return {
    ...{ file: target, bytes: Buffer.byteLength(html), dataBytes: dataBytesIn(html) },
    ...{ programBytes: programBytes(bundle), run: data, kinds },
  };
}

/** Reads logs/<namespace>/<pod>/<container>[.previous].log. */
async function readLogs(folder: string, file: WholeRunFile): Promise<LogFile[]> {
  const found = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    // A run that ended before its logs were fetched has none. Any other error must not look like that.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const components = new Map(file.cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.component]));
  const logs: LogFile[] = [];
  for (const name of found.sort()) {
    const [namespace, pod, container, more] = name.split(path.sep);
    if (!namespace || !pod || !container?.endsWith('.log') || more !== undefined) continue;
    const text = alignedLog(file, { namespace, name: pod }, await readFile(path.join(folder, name), 'utf8'));
    const component = components.get(`${namespace}/${pod}`) ?? pod;
    const log = container.slice(0, -'.log'.length);
    logs.push({
      ...{ source: `${component}/${log}`, component, namespace, text },
      place: `${namespace}/${pod}/${log}`,
    });
  }
  return logs;
}

/** The ends of the logs, as far as a page has room. */
function packedLogs(logs: readonly LogFile[]): {
  pageLogs: PageLog[];
  texts: Map<string, string>;
  missing: string[];
} {
  const result = { pageLogs: [] as PageLog[], texts: new Map<string, string>(), missing: [] as string[] };
  let room = ALL_LOG_BYTES;
  for (const { place, text } of logs) {
    const kept = endOf(text, Math.min(LOG_BYTES, room));
    room -= kept.length;
    if (kept === '') {
      if (text !== '')
        result.missing.push(`the log ${place}.log does not fit on the page: read logs/${place}.log`);
      continue;
    }
    const id = `log-${result.pageLogs.length}`;
    const packed = packLog(kept);
    result.texts.set(id, packed);
    result.pageLogs.push({
      sha256: createHash('sha256').update(packed).digest('hex'),
      id,
      source: place,
      lines: kept.trimEnd().split('\n').length,
      omittedBytes: Buffer.byteLength(text) - Buffer.byteLength(kept),
    });
  }
  return result;
}

/** The end of a text from the start of a line, about `length` characters at most. */
function endOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(text.length - length);
  return cut.slice(cut.indexOf('\n') + 1);
}

async function phasesOf(folder: string): Promise<PageSource['phases']> {
  const text = await readFile(path.join(folder, 'phases.json'), 'utf8').catch(() => '{}');
  const figures: { phases?: PageSource['phases'] } = JSON.parse(text);
  return figures.phases ?? [];
}

/** The last line of the summary: exit code, its meaning and why. */
async function exitOf(folder: string): Promise<{ exit?: string }> {
  const text = await readFile(path.join(folder, 'summary.txt'), 'utf8').catch(() => '');
  const from = text.split('\n').findLastIndex((line) => /^exit \d+ \(/.test(line));
  return from < 0 ? {} : { exit: text.split('\n').slice(from).join('\n').trim() };
}
