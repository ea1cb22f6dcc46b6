import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { alarmLines, kindOfLine, type LogText } from '@backendai-e2e/results/causes/log-lines';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { readRunFile, type WholeRunFile } from '@backendai-e2e/results/run-file';
import { bundleOf, writeWhole } from './bundle.ts';
import { buildPage, type PageSource } from './model/build-page.ts';
import { inert } from './model/inert.ts';
import { packLog } from './model/log-block.ts';
import type { PageData, PageLog } from './model/page-data.ts';
import { PAST_TESTS } from './model/past-data.ts';
import { pastOfRun } from './model/past-of-run.ts';
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
  run: Pick<PageData, 'name' | 'succeeded'>;
  /** Kinds of alarming lines in the logs. */
  kinds: readonly string[];
}

/** Name of the page in the folder of a run. */
const PAGE = 'index.html';
/** Bytes of text of one log on the page: its end. */
const LOG_BYTES = 1024 * 1024;
/** Bytes of text of all logs on the page. */
const ALL_LOG_BYTES = 32 * 1024 * 1024;

/**
 * Writes index.html into the folder of a run, from its run.json, phases.json, summary.txt and logs.
 * @throws Error if the folder has no run.json
 */
export async function writePage(folder: string, options: PageOptions): Promise<WrittenPage> {
  const runFile = path.join(folder, 'run.json');
  const file = readRunFile(await readFile(runFile, 'utf8'), runFile);
  const { logs, pageLogs, texts, missing } = await readLogs(path.join(folder, 'logs'), file);
  const history = pastOfRun(file, options.history ?? []);
  if (history.tests) texts.set(PAST_TESTS, JSON.stringify(inert(history.tests)));
  const data = buildPage({
    ...{ file, logs, pageLogs },
    missing: [...missing, ...(options.missing ?? [])],
    catalog: options.catalog ?? new Map(),
    phases: await phasesOf(folder),
    ...(await exitOf(folder)),
    ...history,
    ...(options.green ? { green: options.green } : {}),
    ...(options.proof ? { proof: options.proof } : {}),
  });
  const bundle = await bundleOf(options.cacheDir);
  const html = pageHtml(data, texts, bundle);
  const target = path.join(folder, PAGE);
  await writeWhole(target, html);
  const kinds = [...new Set(alarmLines(logs).map(kindOfLine))];
  return {
    ...{ file: target, bytes: Buffer.byteLength(html), dataBytes: dataBytesIn(html) },
    ...{ programBytes: programBytes(bundle), run: data, kinds },
  };
}

interface Logs {
  logs: LogText[];
  pageLogs: PageLog[];
  texts: Map<string, string>;
  missing: string[];
}

/** Reads logs/<namespace>/<pod>/<container>[.previous].log. */
async function readLogs(folder: string, file: WholeRunFile): Promise<Logs> {
  const found = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    // A run that ended before its logs were fetched has none. Any other error must not look like that.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const components = new Map(file.cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.component]));
  const result: Logs = { logs: [], pageLogs: [], texts: new Map(), missing: [] };
  let room = ALL_LOG_BYTES;
  for (const name of found.sort()) {
    const [namespace, pod, container, more] = name.split(path.sep);
    if (!namespace || !pod || !container?.endsWith('.log') || more !== undefined) continue;
    const text = await readFile(path.join(folder, name), 'utf8');
    const component = components.get(`${namespace}/${pod}`) ?? pod;
    const source = `${component}/${container.slice(0, -'.log'.length)}`;
    result.logs.push({ source, component, namespace, text });
    const kept = endOf(text, Math.min(LOG_BYTES, room));
    room -= kept.length;
    if (kept === '') {
      if (text !== '') result.missing.push(`the log ${name} does not fit on the page: read logs/${name}`);
      continue;
    }
    const id = `log-${result.pageLogs.length}`;
    const packed = packLog(kept);
    result.texts.set(id, packed);
    result.pageLogs.push({
      sha256: createHash('sha256').update(packed).digest('hex'),
      id,
      source: `${namespace}/${pod}/${container.slice(0, -'.log'.length)}`,
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
