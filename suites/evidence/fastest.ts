/**
 * Repeats an action, one after the other, and returns the seconds of the fastest. A busy machine delays some of them; a server
 * that has become slower delays all of them. Throws the action's error.
 */
export async function fastestSeconds(times: number, act: () => Promise<unknown>): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < times; count += 1) {
    const since = performance.now();
    await act();
    fastest = Math.min(fastest, (performance.now() - since) / 1000);
  }
  return fastest;
}
