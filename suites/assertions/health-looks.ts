/**
 * Checks of a dependency within which a process must notice that it is gone. The first check may still use a connection that
 * leads nowhere and is not refused.
 */
export const CHECKS = 3;

/** The check at which a process noticed a loss, or the last one. */
export interface Noticed<Look> {
  look: Look;
  /** Number of checks that did not notice it: {@link CHECKS} if none did. */
  missed: number;
}

/**
 * Reads one check of a process after the other until one notices that a dependency is gone, at most {@link CHECKS}.
 * @param since when the dependency was seen gone
 * @param next waits for the result of the first check after a time; its errors pass
 */
export async function untilNoticed<Look extends { ill: readonly string[]; lookedAt: Date }>(
  need: string,
  since: Date,
  next: (after: Date) => Promise<Look>,
): Promise<Noticed<Look>> {
  let look = await next(since);
  for (let missed = 0; missed < CHECKS; missed += 1) {
    if (look.ill.includes(need)) return { look, missed };
    if (missed + 1 < CHECKS) look = await next(look.lookedAt);
  }
  return { look, missed: CHECKS };
}
