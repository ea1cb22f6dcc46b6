/** A suite whose next attempt is due. */
export interface DueSuite {
  name: string;
  /** What it needs of the environment is ready. */
  ready: boolean;
  /** Exclusive or disruptive: nothing may run beside it. */
  alone: boolean;
  /** Starts when all others have ended. */
  last: boolean;
}

/**
 * Chooses which due suites start now, in order. A suite that runs alone waits until nothing runs, and what stands after
 * it waits too: it would wait for ever otherwise. A suite whose needs are not ready is overtaken, but not by one that is
 * to be last.
 */
export function chooseStarts(
  due: readonly DueSuite[],
  running: readonly { alone: boolean }[],
  parallelism: number,
): string[] {
  const starts: string[] = [];
  let active = running.length;
  let closed = running.some((suite) => suite.alone);
  const others = due.filter((suite) => !suite.last);
  for (const suite of others.length > 0 ? others : due) {
    if (closed || active >= parallelism) break;
    if (!suite.ready) continue;
    if (suite.alone) {
      if (active > 0) break;
      closed = true;
    }
    starts.push(suite.name);
    active += 1;
  }
  return starts;
}
