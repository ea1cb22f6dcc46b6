/** Runs one piece of work at a time for each key; others wait in order. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Runs the work when it holds all of several keys. Keys are always taken in alphabetical order, so that two callers never wait
   * for each other.
   */
  takeAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].sort();
    return first === undefined ? work() : this.take(first, () => this.takeAll(rest, work));
  }

  /** Runs the work when all earlier work for the key has ended, with or without an error. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    // The caller gets the error. The next work starts all the same.
    const settled = turn.catch(() => undefined);
    this.#last.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
