import { conditionOf } from '../api/conditions.ts';
import { RUN_CONDITIONS, RUN_REASONS, SUITE_REASONS, type TestRun } from '../api/test-run.ts';
import type { TestSuite } from '../api/test-suite.ts';
import { type AttemptStart, RUN_DEFAULTS, RunDraft, type RunPlan, type RunWorld } from './draft.ts';
import { waitForEnvironment } from './environment-wait.ts';
import { foldLines } from './lines.ts';
import { attemptName } from './naming.ts';
import { aheadOf, isFinished } from './queue.ts';
import { type Readiness, readinessFor } from './readiness.ts';
import { type Selection, selectFailedOf, selectSuites } from './selection.ts';
import { chooseStarts, footprintOf } from './starts.ts';

/** Clocks of nodes, one of which may take over from another, differ by less than this. */
const CLOCK_TOLERANCE_MS = 30_000;

/** A suite whose next attempt is to start as soon as it can. */
interface Due {
  suite: TestSuite;
  attempt: number;
  readiness: Readiness;
}

/**
 * Decides what happens next to a run, from what the cluster holds and nothing else. Called again and again: the same
 * world gives the same plan, and a plan that was carried out only in part is completed by the next one.
 */
export function planRun(world: RunWorld): RunPlan {
  const { run, now } = world;
  if (isFinished(run)) return planFinished(run, now);

  const draft = new RunDraft(world);
  const grepError = run.spec.cancel ? undefined : invalidGrep(run.spec.grep);
  if (grepError) return draft.refuse(RUN_REASONS.invalidGrep, grepError);
  const selection = run.status?.suites ? undefined : selectionFor(world);
  if (selection?.ok) draft.lines = selection.names.map((name) => ({ name, state: 'Waiting', attempt: 0 }));
  if (run.spec.cancel) {
    // Also before its line-up was written: an operator may have died after it had started attempts.
    return draft.end({ reason: RUN_REASONS.cancelled, message: 'spec.cancel was set' });
  }
  if (selection && !selection.ok) return draft.refuse(selection.reason, selection.message);

  // Attempts are made before the status tells of them: what became of the run in between, it has begun.
  draft.startedAt ??= firstAttempt(world);
  const held = draft.heedSuspension();
  if (!draft.startedAt) {
    const missed = missedStart(run, now);
    if (missed) return draft.refuse(RUN_REASONS.missedStart, missed);
    if (held) return draft.held();
    const ahead = aheadOf(run, world.others);
    if (ahead.length > 0) return draft.queued(ahead, startDue(run));
    draft.startedAt = now.toISOString();
  }
  // The clock was set back: counted from the future, the run's time would not end.
  if (Date.parse(draft.startedAt) > now.getTime() + CLOCK_TOLERANCE_MS) draft.startedAt = now.toISOString();
  draft.observe(RUN_CONDITIONS.queued, 'False', 'Started', 'it is its turn');

  if (!held && now.getTime() >= draft.deadline()) {
    const seconds = run.spec.timeoutSeconds ?? RUN_DEFAULTS.timeoutSeconds;
    return draft.end({ reason: RUN_REASONS.timedOut, message: `the run took longer than ${seconds} s` });
  }
  return proceed(world, draft, held);
}

/** When the first attempt that there is was made, RFC 3339; undefined: there is none. */
function firstAttempt({ reports }: RunWorld): string | undefined {
  const made = reports.flatMap(({ metadata }) => metadata.creationTimestamp ?? []);
  return made.sort((one, other) => Date.parse(one) - Date.parse(other))[0];
}

/** The suites of a run that has no line-up yet. */
function selectionFor({ run, suites, others }: RunWorld): Selection {
  const again = run.spec.rerunFailedOf;
  return again === undefined ? selectSuites(run.spec.suites, suites) : selectFailedOf(again, others, suites);
}

/** A finished run has nothing left to do but to go when its time to live is over. */
function planFinished(run: TestRun, now: Date): RunPlan {
  const { ttlSecondsAfterFinished: ttl, keepFailed } = run.spec;
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
  const kept = ttl === undefined || (keepFailed !== false && succeeded?.status === 'False');
  const finishedAt = run.status?.finishedAt ?? succeeded?.lastTransitionTime;
  const due = kept || !finishedAt ? undefined : Date.parse(finishedAt) + ttl * 1000;
  return {
    stop: [],
    start: [],
    status: run.status ?? {},
    remove: due !== undefined && now.getTime() >= due,
    requeueAfterMs: due === undefined ? undefined : Math.max(0, due - now.getTime()),
  };
}

/** Until when the run must have started, milliseconds since the epoch; undefined: any time. */
function startDue({ metadata, spec }: TestRun): number | undefined {
  if (spec.startDeadlineSeconds === undefined || !metadata.creationTimestamp) return undefined;
  return Date.parse(metadata.creationTimestamp) + spec.startDeadlineSeconds * 1000;
}

/** Why it is too late to start, or undefined. */
function missedStart(run: TestRun, now: Date): string | undefined {
  const due = startDue(run);
  if (due === undefined || now.getTime() < due) return undefined;
  return (
    `it did not start within ${run.spec.startDeadlineSeconds} s (spec.startDeadlineSeconds): ` +
    'other runs of its environment took so long, or no operator was there'
  );
}

/** Why the pattern is no regular expression, or undefined. */
function invalidGrep(grep: string | undefined): string | undefined {
  if (grep === undefined) return undefined;
  try {
    new RegExp(grep);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `spec.grep is no JavaScript regular expression: ${why}`;
  }
}

/** The usual case: folds what is there, starts what can start unless the run is held, ends when all is done. */
function proceed(world: RunWorld, draft: RunDraft, held: boolean): RunPlan {
  const suites = new Map(world.suites.map((suite) => [suite.metadata.name, suite]));
  const due = dueSuites(world, draft, suites);
  skipAfterFailure(draft, due);
  const isOver = () => draft.lines.every((line) => line.state === 'Finished');
  if (held) return isOver() ? draft.finish() : draft.held();

  const running = draft.lines
    .filter((line) => line.state === 'Running' && !due.has(line.name))
    .map((line) => suites.get(line.name));
  // A disruptive suite breaks the environment on purpose: what it looks like meanwhile does not count.
  const wait = running.some((suite) => suite?.spec.disruptive)
    ? {}
    : waitForEnvironment(
        world.run,
        [...due.values()].map(({ readiness }) => readiness),
        draft,
        world.now,
      );
  if (wait.over) return draft.end(wait.over);
  if (wait.unready) {
    for (const [name, { readiness }] of due) {
      if (readiness.state === 'Ready') continue;
      draft.close(name, 'Failed', SUITE_REASONS.environmentNotReady, readiness.message);
      due.delete(name);
    }
    skipAfterFailure(draft, due);
  }

  const start = startsOf(world, due, running);
  for (const { suite, attempt, name } of start) {
    draft.replace({ name: suite.metadata.name, state: 'Running', attempt, report: name });
  }
  return isOver() ? draft.finish() : draft.active(start, wait.dueMs);
}

/** Folds the reports into the lines and finds the suites whose next attempt is due; ends those that cannot have one. */
function dueSuites(
  world: RunWorld,
  draft: RunDraft,
  suites: ReadonlyMap<string, TestSuite>,
): Map<string, Due> {
  const { environment, run } = world;
  const folded = foldLines(draft.lines, world.reports, (name) => {
    return run.spec.retryPolicy?.retries ?? suites.get(name)?.spec.retries ?? 0;
  });
  draft.lines = folded.map(({ line }) => line);
  const due = new Map<string, Due>();
  for (const { line, next } of folded) {
    if (next === undefined) continue;
    const suite = suites.get(line.name);
    if (!suite) {
      draft.close(
        line.name,
        'Interrupted',
        SUITE_REASONS.suiteGone,
        'the TestSuite was deleted before its turn',
      );
    } else if (suite.spec.disruptive && environment && environment.spec.disruption !== 'Allowed') {
      const message = `the suite is disruptive and TestEnvironment ${environment.metadata.name} forbids disruption`;
      draft.close(line.name, 'Skipped', SUITE_REASONS.disruptionForbidden, message);
    } else {
      const readiness = readinessFor(environment, suite.spec.needs ?? [], run.spec.environmentRef.name);
      due.set(line.name, { suite, attempt: next, readiness });
    }
  }
  return due;
}

/** With failFast, what waits is skipped once a suite has failed. */
function skipAfterFailure(draft: RunDraft, due: Map<string, Due>): void {
  const failed = draft.firstFailure();
  if (!failed) return;
  for (const name of due.keys()) {
    draft.close(
      name,
      'Skipped',
      SUITE_REASONS.failFast,
      `${failed.name} had failed and spec.failFast is set`,
    );
  }
  due.clear();
}

function startsOf(
  world: RunWorld,
  due: ReadonlyMap<string, Due>,
  running: readonly (TestSuite | undefined)[],
): AttemptStart[] {
  const { run } = world;
  const since = firstAttemptAt(world);
  const names = chooseStarts(
    [...due].map(([name, { suite, readiness }]) => ({
      name,
      ready: readiness.state === 'Ready',
      last: suite.spec.last === true,
      ...footprintOf(suite),
    })),
    running.map(footprintOf),
    run.spec.parallelism ?? RUN_DEFAULTS.parallelism,
  );
  return names.flatMap((name) => {
    const entry = due.get(name);
    if (!entry) return [];
    const { suite, attempt } = entry;
    return [{ suite, attempt, name: attemptName(run.metadata.name, name, attempt), since }];
  });
}

/** When the first attempt of the run was made: the environment was ready then, and no suite had touched it. */
function firstAttemptAt({ reports, now }: RunWorld): string {
  const times = reports.flatMap((report) => report.metadata.creationTimestamp ?? []);
  return times.sort()[0] ?? now.toISOString();
}
