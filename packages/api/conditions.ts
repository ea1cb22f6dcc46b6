import type { Static } from 'typebox';
import type * as schemas from './schemas/conditions.ts';

/** A condition of an object, in the shape of metav1.Condition. */
export type Condition = Static<typeof schemas.Condition>;

/** A condition without its time, as a decision produces it. */
export type Observation = Omit<Condition, 'lastTransitionTime'>;

/**
 * Merges an observation into a list of conditions. The transition time changes only with the status.
 * Pure. Returns a new list, in the order in which the types first appeared.
 */
export function withCondition(conditions: readonly Condition[], seen: Observation, now: Date): Condition[] {
  const before = conditions.find((condition) => condition.type === seen.type);
  const lastTransitionTime = before?.status === seen.status ? before.lastTransitionTime : now.toISOString();
  const after: Condition = { ...seen, lastTransitionTime };
  return before
    ? conditions.map((condition) => (condition.type === seen.type ? after : condition))
    : [...conditions, after];
}

/** The condition of that type, or undefined. */
export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
