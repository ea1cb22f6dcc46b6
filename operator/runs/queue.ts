import { environmentsOf, isFinished, RUN_ANNOTATIONS, type TestRun } from '@backendai-e2e/api/test-run';

/** Runs named in a message; the rest is counted. */
const NAMED = 5;
/** Milliseconds until the next look at a run that waits for runs that could start. */
const PASSING_MS = 5_000;

/** Where a run that has not started stands. */
export interface Place {
  /** Users take turns: the runs of one user have different turns. A lower one starts earlier. */
  turn: number;
  /** The runs that start before it in any of its environments, the started ones first. */
  ahead: TestRun[];
  /** Started runs of its user, if that is as many as a user may have; else empty. */
  ofUser: TestRun[];
}

/** The user who asked for a run, "" if the run does not say. The policy in charts/e2e-operator makes it true. */
export function userOf(run: TestRun): string {
  return run.metadata.annotations?.[RUN_ANNOTATIONS.user] ?? '';
}

/**
 * Where a run stands among others of its namespace. It waits for every started run in any of its environments. It also waits for
 * those with an earlier turn there. Suspended runs, and those of a user at the limit, hold up no other. Finished runs and runs
 * that are being deleted do not count.
 * @param perUser started runs that a user may have at once; undefined: any number
 */
export function placeOf(run: TestRun, others: readonly TestRun[], perUser?: number): Place {
  const own = new Set(environmentsOf(run));
  const open = others.filter(
    (other) =>
      other.metadata.uid !== run.metadata.uid && !other.metadata.deletionTimestamp && !isFinished(other),
  );
  const turns = turnsOf([run, ...open]);
  const compare = (one: TestRun, other: TestRun) =>
    Number(hasStarted(other)) - Number(hasStarted(one)) ||
    (turns.get(one) ?? 0) - (turns.get(other) ?? 0) ||
    byCreation(one, other);
  const started = Map.groupBy(open.filter(hasStarted), userOf);
  const isFull = (user: string) => perUser !== undefined && (started.get(user)?.length ?? 0) >= perUser;
  const ahead = open.filter(
    (other) =>
      environmentsOf(other).some((name) => own.has(name)) &&
      (hasStarted(other) || (!other.spec.suspend && !isFull(userOf(other)) && compare(other, run) < 0)),
  );
  const user = userOf(run);
  return {
    turn: turns.get(run) ?? 0,
    ahead: ahead.sort(compare),
    ofUser: isFull(user) ? (started.get(user) ?? []).toSorted(byCreation) : [],
  };
}

/** Whether a run waits. */
export function mustWait({ ahead, ofUser }: Place): boolean {
  return ahead.length > 0 || ofUser.length > 0;
}

/**
 * Milliseconds until the next look at a waiting run; undefined: the end of another one is soon enough. A run that waits only for
 * runs that have not started sees no end. One of them may be held by its user's limit meanwhile.
 * @param due until when it must have started, milliseconds since the epoch
 */
export function lookAgainMs(
  { ahead, ofUser }: Place,
  due: number | undefined,
  now: Date,
): number | undefined {
  const times = [
    ...(ofUser.length === 0 && !ahead.some(hasStarted) ? [PASSING_MS] : []),
    ...(due === undefined ? [] : [Math.max(0, due - now.getTime())]),
  ];
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** What a waiting run waits for: reason and message of its condition Queued. */
export function waitInWords(run: TestRun, { ahead, ofUser }: Place): { reason: string; message: string } {
  const waitsFor = ahead.length > 0 ? ahead : ofUser;
  const names = waitsFor.slice(0, NAMED).map(({ metadata }) => metadata.name);
  const more = waitsFor.length > NAMED ? ` and ${waitsFor.length - NAMED} more` : '';
  const message = `waits for ${names.join(', ')}${more}: `;
  if (ahead.length > 0) {
    return { reason: 'EnvironmentBusy', message: `${message}an environment has one run at a time` };
  }
  const user = userOf(run);
  const who = user === '' ? 'runs without a user' : `a user, here ${user.slice(0, 100)}`;
  return { reason: 'UserBusy', message: `${message}at most ${ofUser.length} runs of ${who}, go on at once` };
}

/**
 * The turn of each run, as in start-time fair queueing. A run that joins gets the turn of the next run that waits. If its user has
 * earlier runs, it gets the turn after theirs. So it is behind at most one waiting run of each other user, however many they are.
 * A turn is stored once the run waits. In whatever order runs are looked at, those of one user keep the order of their creation.
 */
function turnsOf(runs: readonly TestRun[]): Map<TestRun, number> {
  const waiting = runs.flatMap((run) =>
    hasStarted(run) || run.spec.suspend ? [] : (run.status?.turn ?? []),
  );
  const served = waiting.reduce((least, turn) => Math.min(least, turn), waiting[0] ?? 1) - 1;
  const ordered = runs.toSorted(byCreation);
  const next = new Map<string, number>();
  const most = new Map<TestRun, number>();
  for (const run of ordered.toReversed()) {
    const user = userOf(run);
    const later = next.get(user) ?? Number.POSITIVE_INFINITY;
    most.set(run, later);
    next.set(user, Math.min(later, run.status?.turn ?? later));
  }
  const last = new Map<string, number>();
  const turns = new Map<TestRun, number>();
  for (const run of ordered) {
    const user = userOf(run);
    const before = last.get(user) ?? 0;
    const turn = run.status?.turn ?? Math.min(Math.max(served, before) + 1, most.get(run) ?? 0);
    last.set(user, Math.max(before, turn));
    turns.set(run, turn);
  }
  return turns;
}

function hasStarted({ status }: TestRun): boolean {
  return status?.startedAt !== undefined;
}

function byCreation(a: TestRun, b: TestRun): number {
  return (
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
