import { conditionOf } from '@backendai-e2e/api/conditions';
import { RUN_DEFAULTS, SCHEDULE_DEFAULTS } from '@backendai-e2e/api/defaults';
import { type Ending, endingOfRun } from '@backendai-e2e/api/run-outcome';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';

/** Seconds after the deadline of a run, at which the operator ends it, until the operator counts as down. */
const GRACE_SECONDS = 120;

/** The wait is over, or it goes on until `untilMs` at most (milliseconds since 1970). */
export type WaitState = { ending: Ending } | { untilMs: number };

/** Decides from a scheduled run whether to wait on; undefined: the run is gone. Pure. */
export function waitState(
  run: TestRun | undefined,
  now: Date,
  graceSeconds: number = GRACE_SECONDS,
): WaitState {
  if (!run) {
    return failed('the TestRun was deleted before it ended');
  }
  const status = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded)?.status;
  if (status === 'True' || status === 'False') return { ending: endingOfRun(run) };
  const { startedAt } = run.status ?? {};
  const from = Date.parse(startedAt ?? run.metadata.creationTimestamp ?? now.toISOString());
  const seconds = startedAt
    ? (run.spec.timeoutSeconds ?? RUN_DEFAULTS.timeoutSeconds)
    : (run.spec.startDeadlineSeconds ?? SCHEDULE_DEFAULTS.startDeadlineSeconds);
  const untilMs = from + (seconds + graceSeconds) * 1000;
  if (now.getTime() < untilMs) return { untilMs };
  if (startedAt) {
    return failed(
      `the run did not end within ${seconds} s of its start: the operator is down, look at its pod`,
    );
  }
  return failed(
    run.status
      ? `the run did not start within ${seconds} s, and the operator that queued it is down: look at its pod`
      : `no operator took up the run within ${seconds} s: look at the operator's pod`,
  );
}

function failed(sentence: string): WaitState {
  return { ending: { code: COMMAND_EXIT.couldNotRun, sentence } };
}

/** The changes between two states of a run, one line each: its phase, and suites that ended. Pure. */
export function runNews(before: TestRun | undefined, after: TestRun): string[] {
  const lines: string[] = [];
  const phase = after.status?.phase;
  if (phase && phase !== before?.status?.phase) lines.push(`phase: ${phase}`);
  const old = new Map((before?.status?.suites ?? []).map((line) => [line.name, line.state]));
  for (const line of after.status?.suites ?? []) {
    if (line.state !== 'Finished' || old.get(line.name) === 'Finished') continue;
    lines.push(`${line.name}: ${line.verdict ?? 'ended'}${line.reason ? ` (${line.reason})` : ''}`);
  }
  return lines;
}
