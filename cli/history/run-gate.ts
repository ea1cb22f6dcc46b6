import path from 'node:path';
import type { Ending } from '@backendai-e2e/api/run-outcome';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { inWords, type Judged, judgedRun } from '@backendai-e2e/results/history/measurement-gate';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { plainLine } from '@backendai-e2e/results/plain-text';
import { type Shown, tableOf } from '../terminal/output.ts';
import { defaultHistory } from './default-folder.ts';
import { readHistory } from './history-folder.ts';
import { recordOf } from './results-records.ts';

/** Newest files of the history that are read. The gate takes the last ten comparable runs. */
const MOST_FILES = 100;

/** What a run measured, judged by the history, and what kept it from being judged. */
export interface RunGate {
  judged: readonly Judged[];
  troubles: readonly string[];
}

/** Judges a run by the runs of a history. Never throws: a history that cannot be read is a trouble. */
export async function judgeRecord(record: HistoryRecord, folder = defaultHistory()): Promise<RunGate> {
  try {
    const { records } = await readHistory(folder, MOST_FILES);
    return { judged: judgedRun(records, record), troubles: [] };
  } catch (error) {
    return { judged: [], troubles: [notJudged(error)] };
  }
}

/**
 * Judges the run of a job by its folder of results. A run that did not end, or left no results, is not judged. Never throws, as
 * {@link judgeRecord}.
 * @param run of the job, where it created one
 */
export async function judgeResults(
  out: string,
  run: TestRun | undefined,
  folder = defaultHistory(),
): Promise<RunGate> {
  if (!run || !isFinished(run)) return { judged: [], troubles: [] };
  try {
    return await judgeRecord(await recordOf(path.join(out, 'run.json')), folder);
  } catch (error) {
    return { judged: [], troubles: [notJudged(error)] };
  }
}

/** Lines for people: what is worse than usual, regressions first. None if all is usual. Pure. */
export function gateLines({ judged, troubles }: RunGate): string[] {
  const worse = worseFirst(judged);
  if (worse.length === 0) return [...troubles];
  const count = regressionsIn(judged).length;
  const head =
    `worse than in earlier runs: ${worse.length} of ${judged.length} measurements` +
    (count > 0 ? `, ${count} of them far (✘)` : '');
  return [...troubles, head, ...worse.map((each) => plainLine(`  ${markOf(each)} ${inWords(each)}`))];
}

/** The ending of a job after the gate: a success with a regression fails. Other endings have a worse reason. Pure. */
export function gatedEnding(ending: Ending, { judged }: RunGate): Ending {
  const regressions = regressionsIn(judged);
  if (regressions.length === 0 || ending.code !== COMMAND_EXIT.passed) return ending;
  const sentences = regressions.map((each) => `regression: ${plainLine(inWords(each))}`);
  return { code: COMMAND_EXIT.failed, sentence: sentences.join('\n') };
}

/** The gate as a result of a command. */
export function gateTable(judged: readonly Judged[], all: boolean): Shown {
  const shown = all ? [...judged].sort(byJudgement) : worseFirst(judged);
  const rows = shown.map(({ suite, name, unit, value, spread, limit, bound, judgement }) => [
    suite,
    name,
    `${rounded(value)} ${unit}`,
    spread ? rounded(spread.median) : '',
    spread ? String(spread.count) : '',
    limit === undefined ? '' : rounded(limit),
    bound ? rounded(bound.limit) : '',
    judgement,
  ]);
  return tableOf(['suite', 'what', 'now', 'median', 'runs', 'gate', 'bound', 'judgement'], rows, shown);
}

function regressionsIn(judged: readonly Judged[]): Judged[] {
  return judged.filter(({ judgement }) => judgement === 'regressed');
}

function worseFirst(judged: readonly Judged[]): Judged[] {
  return judged
    .filter(({ judgement }) => judgement === 'worse' || judgement === 'regressed')
    .sort(byJudgement);
}

const ORDER = ['regressed', 'worse', 'usual', 'unknown'];

function byJudgement(a: Judged, b: Judged): number {
  return ORDER.indexOf(a.judgement) - ORDER.indexOf(b.judgement);
}

function markOf({ judgement }: Judged): string {
  return judgement === 'regressed' ? '✘' : '~';
}

function notJudged(error: unknown): string {
  return `the measurements are not compared with earlier runs: ${error instanceof Error ? error.message : error}`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
