/** Lets one piece of work at a time run for a key; the others wait in order. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * The same for several keys at once. They are taken in the order of the alphabet, whatever order they are given in: who
   * has one and waits for another never waits for someone who waits for him.
   */
  takeAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].sort();
    return first === undefined ? work() : this.take(first, () => this.takeAll(rest, work));
  }

  /** Runs the work when everything that came before it for that key has ended, however it ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.catch(() => undefined);
    this.#last.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
