/**
 * Runs tasks at the same time and waits until all of them have ended, also after a failure. So no task continues unnoticed.
 * @param stop called with the first failure; it should make the others end
 * @throws the first failure
 */
export async function inParallel(
  tasks: ReadonlyArray<() => Promise<void>>,
  stop: (reason: unknown) => void,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task();
      } catch (error) {
        if (failure !== undefined) return;
        failure = { error };
        stop(error);
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
}
