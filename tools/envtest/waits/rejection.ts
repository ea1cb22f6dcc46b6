/** The reason for which work fails; undefined if it succeeds. */
export function rejection(work: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(work).then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
