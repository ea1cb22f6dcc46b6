import { conditionOf } from '@backendai-e2e/api/conditions';
import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LIMITS } from '@backendai-e2e/api/limits';
import {
  environmentOf,
  environmentsOf,
  isFinished,
  RUN_CONDITIONS,
  RUN_REASONS,
  SUITE_REASONS,
  suiteOf,
  type TestRun,
} from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { chooseStarts, footprintOf } from '@backendai-e2e/scheduling/starts';
import { attemptName } from '../attempts/attempt-name.ts';
import type { AttemptStart } from '../attempts/start-attempt.ts';
import { foldLines, isLineOf, linesFor } from '../reports/suite-lines.ts';
import { applicableIn, environmentCalled, forbidden, forbiddenEverywhere } from './applicable.ts';
import { waitForEnvironments } from './environment-wait.ts';
import { notedChanges } from './noted-changes.ts';
import { PlanBuilder, type RunPlan, type RunWorld } from './plan-builder.ts';
import { lookAgainMs, mustWait, placeOf } from './queue.ts';
import { type Readiness, readinessFor } from './readiness.ts';
import { type Selection, selectFailedOf, selectSuites } from './selection.ts';

/** Maximum difference between the clocks of two nodes that may run the operator. */
const CLOCK_TOLERANCE_MS = 30_000;

/** A suite whose next attempt is due. */
interface Due {
  suite: TestSuite;
  attempt: number;
  /** Some of its objects may exist: it was chosen before, and is completed before another is chosen. */
  begun: boolean;
  /** The readiness for it of each environment that it may run in, in their order. */
  places: ReadonlyMap<string, Readiness>;
}

/** A running attempt. */
interface Running {
  suite: TestSuite | undefined;
  environment: string;
}

/**
 * Decides what happens next to a run, only from what the cluster holds. The same inputs always give the same plan. The next
 * plan completes one that was carried out in part.
 */
export function planRun(world: RunWorld): RunPlan {
  const { run, now } = world;
  if (isFinished(run)) return planFinished(run, now);

  const builder = new PlanBuilder(world);
  const grepError = run.spec.cancel ? undefined : invalidGrep(run.spec.grep);
  if (grepError) return builder.refuse(RUN_REASONS.invalidGrep, grepError);
  const selection = run.status?.suites ? undefined : selectionFor(world);
  if (selection?.ok) builder.lines = linesFor(selection.names, world.suites, environmentsOf(run));
  if (run.spec.cancel) {
    // Even before its lines were written: an operator may have crashed after it started attempts.
    return builder.end({ reason: RUN_REASONS.cancelled, message: 'spec.cancel was set' });
  }
  if (selection && !selection.ok) return builder.refuse(selection.reason, selection.message);
  if (builder.lines.length > LIMITS.suitesPerRun) {
    const message = `suites that are last run in each environment, which makes ${builder.lines.length}; a run takes ${LIMITS.suitesPerRun}: choose fewer of either`;
    return builder.refuse(RUN_REASONS.tooManySuites, message);
  }

  // Attempts are created before the status records them: with an attempt, the run has started.
  builder.startedAt ??= firstAttempt(world);
  const held = builder.observeSuspension();
  if (!builder.startedAt) {
    const missed = missedStart(run, now);
    if (missed) return builder.refuse(RUN_REASONS.missedStart, missed);
    if (held) return builder.held();
    const place = placeOf(run, world.others, world.runsPerUser);
    builder.turn = place.turn;
    if (mustWait(place)) return builder.queued(place, lookAgainMs(place, startDue(run), now));
    builder.startedAt = now.toISOString();
  }
  // The clock was set back: from a start in the future, the run's deadline would come too late.
  if (Date.parse(builder.startedAt) > now.getTime() + CLOCK_TOLERANCE_MS)
    builder.startedAt = now.toISOString();
  builder.observe(RUN_CONDITIONS.queued, 'False', 'Started', 'the run has started');

  if (!held && now.getTime() >= builder.deadline()) {
    const seconds = run.spec.timeoutSeconds ?? RUN_DEFAULTS.timeoutSeconds;
    return builder.end({ reason: RUN_REASONS.timedOut, message: `the run took longer than ${seconds} s` });
  }
  return proceed(world, builder, held);
}

/** When the first attempt was created, RFC 3339; undefined: there is none. */
function firstAttempt({ reports }: RunWorld): string | undefined {
  const made = reports.flatMap(({ metadata }) => metadata.creationTimestamp ?? []);
  return made.sort((one, other) => Date.parse(one) - Date.parse(other))[0];
}

/** The suites of a run without lines. */
function selectionFor({ run, suites, others }: RunWorld): Selection {
  const again = run.spec.rerunFailedOf;
  return again === undefined ? selectSuites(run.spec.suites, suites) : selectFailedOf(again, others, suites);
}

/** A finished run is only deleted at the end of its time to live. */
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

/** The deadline for the start of the run, milliseconds since the epoch; undefined: none. */
function startDue({ metadata, spec }: TestRun): number | undefined {
  if (spec.startDeadlineSeconds === undefined || !metadata.creationTimestamp) return undefined;
  return Date.parse(metadata.creationTimestamp) + spec.startDeadlineSeconds * 1000;
}

/** Why it is too late to start, or undefined. */
function missedStart(run: TestRun, now: Date): string | undefined {
  const due = startDue(run);
  if (due === undefined || now.getTime() < due) return undefined;
  return (
    `it did not start within ${run.spec.startDeadlineSeconds} s (spec.startDeadlineSeconds). ` +
    'Other runs of its environment took too long, or no operator was running.'
  );
}

/** Why the pattern is not a regular expression, or undefined. */
function invalidGrep(grep: string | undefined): string | undefined {
  if (grep === undefined) return undefined;
  try {
    new RegExp(grep);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `spec.grep is not a JavaScript regular expression: ${why}`;
  }
}

/** The usual case: folds the reports, starts what can start unless the run is held, finishes when all lines have. */
function proceed(world: RunWorld, builder: PlanBuilder, held: boolean): RunPlan {
  const suites = new Map(world.suites.map((suite) => [suite.metadata.name, suite]));
  const due = dueSuites(world, builder, suites);
  skipAfterFailure(builder, due);
  const isOver = () => builder.lines.every((line) => line.state === 'Finished');
  if (held) return isOver() ? builder.finish() : builder.held();

  const running = builder.lines
    .filter((line) => line.state === 'Running' && !due.has(line.name))
    .map((line) => ({
      suite: suites.get(suiteOf(line)),
      environment: environmentOf(world.run, line),
    }));
  const slots = environmentsOf(world.run).map((environment) => ({
    environment,
    seen: [...due.values()].flatMap(({ places }) => places.get(environment) ?? []),
    // A disruptive suite breaks the environment on purpose: its state meanwhile does not count.
    broken: running.some((one) => one.environment === environment && one.suite?.spec.disruptive),
  }));
  const wait = waitForEnvironments(world.run, slots, builder, world.now);
  if (wait.over) return builder.end(wait.over);
  for (const [name, { places }] of due) {
    const hopeless = [...places].every(([at, { state }]) => wait.unready.has(at) && state !== 'Ready');
    if (!hopeless) continue;
    const message = [...places.values()].map((readiness) => readiness.message).join('; ');
    builder.close(name, 'Failed', SUITE_REASONS.environmentNotReady, message);
    due.delete(name);
  }
  skipAfterFailure(builder, due);

  const start = builder.started(startsOf(world, due, running));
  return isOver() ? builder.finish() : builder.active(start, wait.dueMs);
}

/** Folds the reports into the lines and finds the suites whose next attempt is due. Finishes those that cannot have one. */
function dueSuites(
  world: RunWorld,
  builder: PlanBuilder,
  suites: ReadonlyMap<string, TestSuite>,
): Map<string, Due> {
  const { run } = world;
  const folded = foldLines(builder.lines, world.reports, (name) => {
    return run.spec.retryPolicy?.retries ?? suites.get(name)?.spec.retries ?? 0;
  });
  builder.lines = folded.map(({ line }) => line);
  const due = new Map<string, Due>();
  for (const { line, next } of folded) {
    if (next === undefined) continue;
    const suite = suites.get(suiteOf(line));
    if (!suite) {
      const message = 'the TestSuite was deleted before the suite started';
      builder.close(line.name, 'Interrupted', SUITE_REASONS.suiteGone, message);
      continue;
    }
    const mayBe = line.environment === undefined ? environmentsOf(run) : [line.environment];
    const reasons = mayBe.map((name) => forbidden(environmentCalled(world, name), suite));
    const open = mayBe.filter((_, index) => reasons[index] === undefined);
    if (open.length === 0) {
      const { reason, message } = forbiddenEverywhere(mayBe, reasons[0] ?? '');
      builder.close(line.name, 'Skipped', reason, message);
      continue;
    }
    const fitting = applicableIn(open, (name) => environmentCalled(world, name), suite);
    if (typeof fitting === 'string') {
      builder.close(line.name, 'Skipped', SUITE_REASONS.notApplicable, fitting);
      continue;
    }
    const needs = suite.spec.needs ?? [];
    due.set(line.name, {
      suite,
      attempt: next,
      begun: world.reports.some((report) => isLineOf(line, report) && report.spec.attempt === next),
      places: new Map(
        fitting.map((name) => [name, readinessFor(environmentCalled(world, name), needs, name)]),
      ),
    });
  }
  return due;
}

/** With failFast, waiting suites are skipped once a suite has failed. */
function skipAfterFailure(builder: PlanBuilder, due: Map<string, Due>): void {
  const failed = builder.firstFailure();
  if (!failed) return;
  for (const name of due.keys()) {
    builder.close(
      name,
      'Skipped',
      SUITE_REASONS.failFast,
      `${failed.name} had failed and spec.failFast is set`,
    );
  }
  due.clear();
}

/**
 * The attempts that start now, each in the first environment with room for it. Suites that are last wait until no other suite
 * is due or runs in any environment.
 */
function startsOf(
  world: RunWorld,
  due: ReadonlyMap<string, Due>,
  running: readonly Running[],
): AttemptStart[] {
  const { run } = world;
  const isLast = ({ suite }: Pick<Running, 'suite'>) => suite?.spec.last === true;
  const othersRun = running.some((one) => !isLast(one));
  const ordered = [...due].sort(([, one], [, other]) => Number(other.begun) - Number(one.begun));
  const othersWait = ordered.some(([, one]) => !isLast(one));
  // A deployment uses all cores: a disruptive suite's environment would not recover within its limits.
  const comingUp = environmentsOf(run).some(
    (name) => readinessFor(environmentCalled(world, name), [], name).state === 'Deploying',
  );
  const open = new Map(
    ordered
      .filter(([, one]) => !isLast(one) || !(othersRun || othersWait))
      .filter(([, one]) => one.begun || !(comingUp && one.suite.spec.disruptive)),
  );
  return environmentsOf(run).flatMap((environment) => {
    const here = [...open].filter(([, { places }]) => places.has(environment));
    const names = chooseStarts(
      here.map(([name, { suite, places }]) => ({
        name,
        ready: places.get(environment)?.state === 'Ready',
        last: isLast({ suite }),
        ...footprintOf(suite.spec),
      })),
      running.filter((one) => one.environment === environment).map(({ suite }) => footprintOf(suite?.spec)),
      run.spec.parallelism ?? RUN_DEFAULTS.parallelism,
    );
    const since = firstAttemptIn(environment, world);
    const changes = notedChanges(environment, world);
    return names.flatMap((line) => {
      const entry = open.get(line);
      open.delete(line);
      if (!entry) return [];
      const { suite, attempt } = entry;
      const name = attemptName(run.metadata.name, line, attempt);
      return [{ line, suite, attempt, name, environment, since, ...(isLast(entry) ? { changes } : {}) }];
    });
  });
}

/** When the first attempt in an environment was created: it was ready then, and untouched by the run. */
function firstAttemptIn(environment: string, { run, reports, now }: RunWorld): string {
  const times = reports
    .filter(({ spec }) => environmentOf(run, spec) === environment)
    .flatMap((report) => report.metadata.creationTimestamp ?? []);
  return times.sort()[0] ?? now.toISOString();
}
