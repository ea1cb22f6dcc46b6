/** What a suite says about its company: the same fields in TestSuite.spec and in the catalog. */
export interface SuiteTraits {
  /** Nothing may run beside it. */
  exclusive?: boolean;
  /** It breaks components; without claims it runs alone. */
  disruptive?: boolean;
  /** It starts when all others have ended, and runs alone. */
  last?: boolean;
  /** Components that must be ready and stay as they are; none: all. */
  needs?: readonly string[];
  /** Components that no other suite may need meanwhile. */
  claims?: readonly string[];
  /** It mostly waits: it takes no place. */
  waits?: boolean;
}

/** How a suite uses the components of its environment. */
export interface Footprint {
  /** It must run alone. */
  alone: boolean;
  /** Components that it needs unchanged; undefined: all. */
  needs: readonly string[] | undefined;
  /** Components that no other suite may need meanwhile. */
  claims: readonly string[];
  /** It mostly waits: it does not count for parallelism. */
  waits: boolean;
}

/** A suite whose next attempt is due. */
export interface DueSuite extends Footprint {
  name: string;
  /** The components that it needs are ready. */
  ready: boolean;
  /** It starts when all others have ended. */
  last: boolean;
}

/** undefined: a suite that was deleted while it runs. It may do anything, so it runs alone. */
export function footprintOf(traits: SuiteTraits | undefined): Footprint {
  if (!traits) return { alone: true, needs: undefined, claims: [], waits: false };
  const { exclusive, disruptive, last, needs, claims, waits } = traits;
  return {
    alone: exclusive === true || last === true || (disruptive === true && claims === undefined),
    needs: needs && needs.length > 0 ? needs : undefined,
    claims: claims ?? [],
    waits: waits === true,
  };
}

/**
 * Chooses which due suites start now, in order, until `parallelism` of them run. Those that mostly wait do not count. Two suites
 * conflict if one runs alone or claims a component that the other needs. A suite that conflicts with a running one is overtaken.
 * Its turn still comes, because a run has a fixed number of suites. A suite whose needs are not ready is overtaken too, but
 * not by one that is last.
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

/** What keeps two suites apart: components that one claims. Empty: one runs alone. Undefined: they may run side by side. */
export function contested(one: Footprint, other: Footprint): string[] | undefined {
  if (!collide(one, other)) return undefined;
  if (one.alone || other.alone) return [];
  return [...new Set([...taken(one, other), ...taken(other, one)])];
}

function collide(one: Footprint, other: Footprint): boolean {
  return one.alone || other.alone || taken(one, other).length > 0 || taken(other, one).length > 0;
}

/** The components that the first claims and the other needs or claims. */
function taken({ claims }: Footprint, { needs, claims: alsoClaims }: Footprint): readonly string[] {
  if (needs === undefined) return claims;
  return claims.filter((component) => needs.includes(component) || alsoClaims.includes(component));
}
