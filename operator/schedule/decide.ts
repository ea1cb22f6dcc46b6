import { conditionOf } from '@backendai-e2e/api/conditions';
import { RUN_DEFAULTS, SCHEDULE_DEFAULTS } from '@backendai-e2e/api/defaults';
import { type Ending, endingOfRun } from '@backendai-e2e/api/run-outcome';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';

/** The operator ends a run at its deadline; it gets so much longer before it is taken for gone. */
const GRACE_SECONDS = 120;

/** Either the tick is over, or it waits on, but not longer than until a moment (milliseconds since 1970). */
export type TickState = { ending: Ending } | { untilMs: number };

/** What a run says to the tick that waits for it; undefined: it is gone. Pure. */
export function tickState(
  run: TestRun | undefined,
  now: Date,
  graceSeconds: number = GRACE_SECONDS,
): TickState {
  if (!run) {
    return failed('the TestRun was deleted while the tick waited for it');
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
    return failed(`it was not ended within ${seconds} s of its start: the operator is down, look at its pod`);
  }
  return failed(
    run.status
      ? `it did not start within ${seconds} s, and the operator that queued it is down: look at its pod`
      : `no operator took it up within ${seconds} s: look at the operator's pod`,
  );
}

function failed(sentence: string): TickState {
  return { ending: { code: COMMAND_EXIT.couldNotRun, sentence } };
}

/** What is new since the last look, a line each: phases, and suites that ended. Pure. */
export function tickNews(before: TestRun | undefined, after: TestRun): string[] {
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
