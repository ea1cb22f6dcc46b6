import { randomBytes } from 'node:crypto';
import type { Execution, ExecutionResult, Sessions } from '../clients/manager/sessions.ts';
import { WaitTimeout } from '../evidence/waiting.ts';

/** A complete run of code: the content of all its answers. */
export interface WholeRun {
  /** Status of each answer, in order; the last one is "finished". */
  statuses: ExecutionResult['status'][];
  runIds: Set<string>;
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Everything else on the console, for example ["media", …]. */
  other: [string, unknown][];
  seconds: number;
}

/** How code is run to its end. */
export interface RunOptions {
  deadlineSeconds?: number;
  /** Answers to input() of the code, in order. */
  inputs?: readonly string[];
  /** Called after each answer but the last. */
  onAnswer?: (answer: ExecutionResult) => Promise<void> | void;
}

/**
 * Runs code in a session to its end. Sends it, then `continue` (or `input`) with the same run id until it is finished. Throws
 * WaitTimeout at the deadline, with the last answer.
 */
export async function runCode(
  sessions: Sessions,
  session: string,
  first: Omit<Execution, 'runId'>,
  options: RunOptions = {},
): Promise<WholeRun> {
  const runId = randomBytes(8).toString('hex');
  const deadlineSeconds = options.deadlineSeconds ?? 60;
  const inputs = [...(options.inputs ?? [])];
  const since = performance.now();
  const run: WholeRun = {
    statuses: [],
    runIds: new Set(),
    exitCode: null,
    stdout: '',
    stderr: '',
    other: [],
    seconds: 0,
  };
  let next: Execution = { ...first, runId };
  for (;;) {
    const answer = await sessions.execute(session, next, deadlineSeconds * 1000);
    addAnswer(run, answer);
    run.seconds = (performance.now() - since) / 1000;
    if (answer.status === 'finished' || answer.status === 'exec-timeout') return run;
    await options.onAnswer?.(answer);
    if (run.seconds > deadlineSeconds) {
      throw new WaitTimeout('the code to finish', deadlineSeconds, run.statuses.length, run);
    }
    next = { mode: 'continue', runId };
    if (answer.status === 'waiting-input') {
      const input = inputs.shift();
      if (input === undefined) throw new Error('the code asks for more input than the test provides');
      next = { mode: 'input', runId, code: input };
    }
  }
}

function addAnswer(run: WholeRun, answer: ExecutionResult): void {
  run.statuses.push(answer.status);
  run.runIds.add(answer.runId);
  run.exitCode = answer.exitCode;
  for (const [type, content] of answer.console ?? []) {
    if (type === 'stdout') run.stdout += String(content);
    else if (type === 'stderr') run.stderr += String(content);
    else run.other.push([type, content]);
  }
}
