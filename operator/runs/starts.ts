import type { TestSuite } from '@backendai-e2e/api/test-suite';

/** What a suite has to do with the components of its environment. */
export interface Footprint {
  /** Nothing may run beside it. */
  alone: boolean;
  /** Components that it needs as they are; undefined: all. */
  needs: readonly string[] | undefined;
  /** Components that nobody else may need meanwhile. */
  claims: readonly string[];
  /** Mostly waits: it takes no place of those that run at a time. */
  waits: boolean;
}

/** A suite whose next attempt is due. */
export interface DueSuite extends Footprint {
  name: string;
  /** What it needs of the environment is ready. */
  ready: boolean;
  /** Starts when all others have ended. */
  last: boolean;
}

/** A suite that was deleted while it runs may do anything: nothing runs beside it. */
export function footprintOf(suite: TestSuite | undefined): Footprint {
  if (!suite) return { alone: true, needs: undefined, claims: [], waits: false };
  const { exclusive, disruptive, last, needs, claims, waits } = suite.spec;
  return {
    alone: exclusive === true || last === true || (disruptive === true && claims === undefined),
    needs: needs && needs.length > 0 ? needs : undefined,
    claims: claims ?? [],
    waits: waits === true,
  };
}

/**
 * Chooses which due suites start now, in order: so many that `parallelism` of them run at a time, not counted those that
 * mostly wait. Whoever cannot run beside those that run, because one of the two runs alone or claims what the other needs, is
 * overtaken: a run has so many suites and no more, so that its turn comes. A suite whose needs are not ready is overtaken,
 * too, but not by one that is to be last.
 */
export function chooseStarts(
  due: readonly DueSuite[],
  running: readonly Footprint[],
  parallelism: number,
): string[] {
  const active = [...running];
  const starts: string[] = [];
  const others = due.filter((suite) => !suite.last);
  for (const suite of others.length > 0 ? others : due) {
    const places = parallelism - active.filter(({ waits }) => !waits).length;
    if (!suite.ready || (places <= 0 && !suite.waits)) continue;
    if (active.some((beside) => collide(suite, beside))) continue;
    starts.push(suite.name);
    active.push(suite);
  }
  return starts;
}

function collide(one: Footprint, other: Footprint): boolean {
  return one.alone || other.alone || takes(one, other) || takes(other, one);
}

function takes({ claims }: Footprint, { needs, claims: alsoClaims }: Footprint): boolean {
  if (needs === undefined) return claims.length > 0;
  return claims.some((component) => needs.includes(component) || alsoClaims.includes(component));
}
