import { stat } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { type Judgement, judgedRun } from '@backendai-e2e/results/history/measurement-gate';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { plainLine } from '@backendai-e2e/results/plain-text';
import { addToCluster, type ClusterHistory, readClusterHistory } from '../history/cluster-history.ts';
import { defaultHistory } from '../history/default-folder.ts';
import { addLines, type History, readHistory, removeFiles } from '../history/history-folder.ts';
import { listOfHistory } from '../history/history-list.ts';
import { recordsIn } from '../history/results-records.ts';
import { filesToPrune, type Retention } from '../history/retention.ts';
import { gateTable } from '../history/run-gate.ts';
import { endingOfError } from '../runs/ending.ts';
import { type Format, show } from '../terminal/output.ts';
import { type ClusterContext, type ClusterOptions, withCluster } from './cluster-context.ts';

/** What every command on the history takes. */
export interface HistoryOptions {
  /** Folder of the history; undefined: the usual one. */
  history?: string;
}

/** `e2e history add`: adds the runs of folders of results. */
export function historyAddCommand(folders: readonly string[], options: HistoryOptions): Promise<number> {
  return orTrouble(async () => {
    const target = folderOf(options);
    const records = (await Promise.all(folders.map(recordsIn))).flat();
    return said(target, await addLines(target, records.map(lineOf)), records.length);
  });
}

/** `e2e history import`: adds the runs of another history, or of folders of results such as an earlier out. */
export function historyImportCommand(from: string, options: HistoryOptions): Promise<number> {
  return orTrouble(async () => {
    const target = folderOf(options);
    await mustExist(from);
    const { files } = await readAndTell(from);
    const lines = files.flatMap((each) => each.lines);
    const found = lines.length > 0 ? lines : (await recordsIn(from)).map(lineOf);
    return said(target, await addLines(target, found), found.length);
  });
}

/** `e2e history export`: adds the runs of the history to another folder. */
export function historyExportCommand(
  to: string,
  { last = Number.POSITIVE_INFINITY, ...options }: HistoryOptions & { last?: number },
): Promise<number> {
  return orTrouble(async () => {
    const { files } = await readAndTell(folderOf(options));
    const lines = files
      .flatMap((each) => each.lines)
      .sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
      .slice(-last);
    return said(path.resolve(to), await addLines(path.resolve(to), lines), lines.length);
  });
}

/** Options of the commands on the history of a cluster. */
export interface ClusterHistoryOptions extends HistoryOptions, ClusterOptions {
  /** Namespace of the artifact server, where that is another one than of the runs. */
  artifactsNamespace?: string;
  tokenSecret: string;
}

/** `e2e history pull`: adds the runs that the artifact server of a cluster has. */
export function historyPullCommand(options: ClusterHistoryOptions): Promise<number> {
  return withCluster(options, async (cluster) => {
    const target = folderOf(options);
    const { lines, troubles } = await readClusterHistory(historyIn(cluster, options));
    note(troubles);
    return said(target, await addLines(target, lines), lines.length);
  });
}

/** `e2e history push`: adds the runs of the history to the artifact server of a cluster. */
export function historyPushCommand(options: ClusterHistoryOptions): Promise<number> {
  return withCluster(options, async (cluster) => {
    const { files } = await readAndTell(folderOf(options));
    const lines = files.flatMap((each) => each.lines);
    const { added, troubles } = await addToCluster(historyIn(cluster, options), lines);
    note(troubles);
    return said(`the artifact server of namespace ${cluster.namespace}`, added, lines.length);
  });
}

function historyIn(
  { client, namespace, signal }: ClusterContext,
  { artifactsNamespace = namespace, tokenSecret }: ClusterHistoryOptions,
): ClusterHistory {
  return { client, namespace, serverNamespace: artifactsNamespace, tokenSecret, signal };
}

/** `e2e history list`: the runs, newest first. */
export function historyListCommand(
  options: HistoryOptions & { limit: number; output: Format },
): Promise<number> {
  return orTrouble(async () => {
    const { records } = await readAndTell(folderOf(options));
    show(listOfHistory(records, options.limit), options.output);
    return COMMAND_EXIT.passed;
  });
}

/**
 * `e2e history gate`: what a run of the history measured (default: the newest), judged by the comparable runs before it. 1 for
 * a regression.
 */
export function historyGateCommand(
  name: string | undefined,
  options: HistoryOptions & { all: boolean; output: Format },
): Promise<number> {
  return orTrouble(async () => {
    const { records } = await readAndTell(folderOf(options));
    const record = name ? records.findLast((each) => each.name === name) : records.at(-1);
    if (!record) throw new Error(name ? `the history has no run ${name}` : 'the history has no run');
    const judged = judgedRun(records, record);
    show(gateTable(judged, options.all), options.output);
    const count = (judgement: Judgement) => judged.filter((each) => each.judgement === judgement).length;
    console.error(
      plainLine(
        `e2e: ${record.name}: ${count('regressed')} regressed, ${count('worse')} worse, ${count('usual')} as usual, ` +
          `${count('unknown')} with too few earlier runs`,
      ),
    );
    return count('regressed') > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  });
}

/** `e2e history prune`: removes the runs beyond a number or an age. */
export function historyPruneCommand(options: HistoryOptions & Retention, now = new Date()): Promise<number> {
  return orTrouble(async () => {
    if (options.keep === undefined && options.days === undefined) {
      throw new Error('nothing says what to remove: give --keep, --days or both');
    }
    const folder = folderOf(options);
    const { files } = await readAndTell(folder);
    const old = filesToPrune(files, options, now);
    await removeFiles(folder, old);
    console.error(`e2e: removed ${old.length} of ${files.length} files from ${folder}`);
    return COMMAND_EXIT.passed;
  });
}

function folderOf({ history }: HistoryOptions): string {
  return history ? path.resolve(history) : defaultHistory();
}

function lineOf(record: HistoryRecord): HistoryRecord & { text: string } {
  return { ...record, text: JSON.stringify(record) };
}

async function readAndTell(folder: string): Promise<History> {
  const history = await readHistory(folder);
  note(history.troubles);
  return history;
}

function note(troubles: readonly string[]): void {
  for (const trouble of troubles) console.error(plainLine(`e2e: note: ${trouble}`));
}

async function mustExist(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new Error(`${folder} is no folder: name a history, or a folder that a run wrote`);
}

function said(folder: string, added: number, found: number): number {
  const known = found === added ? '' : `; ${found - added} were there`;
  console.error(`e2e: added ${added} of ${found} runs to ${folder}${known}`);
  return COMMAND_EXIT.passed;
}

async function orTrouble(body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    const { code, sentence } = endingOfError(error);
    console.error(plainLine(`e2e: ${sentence}`));
    return code;
  }
}
