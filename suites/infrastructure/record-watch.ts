import { setTimeout as pause } from 'node:timers/promises';
import type { Registration } from '../clients/manager/discovery.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 500;

/**
 * Watches a record of service discovery until it is gone. On a slow machine, the tests before its check take longer than its
 * lifetime. A first look by the check would come too late.
 */
export class RecordWatch {
  #record: Registration;
  #seenAt = Date.now() / 1000;
  #gone = false;
  readonly #read: () => Promise<Registration | undefined>;
  readonly #stop = new AbortController();

  /**
   * @param record as it was last seen
   * @param read the record as it is now, undefined when it is gone
   */
  constructor(record: Registration, read: () => Promise<Registration | undefined>) {
    this.#record = record;
    this.#read = read;
  }

  /** The record as it was last seen. */
  get record(): Registration {
    return this.#record;
  }

  /** Whether a look found it gone. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Seconds from its last renewal until it was last seen. */
  get outlived(): number {
    return this.#seenAt - this.#record.lastHeartbeat;
  }

  /** Begins to look. */
  start(): this {
    void this.#watch();
    return this;
  }

  /** Ends the looks. */
  stop(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !this.#gone) {
      const at = Date.now() / 1000;
      // A look that fails says nothing. The test fails at its deadline if none succeeds.
      await this.#read().then(
        (found) => {
          this.#gone = found === undefined;
          if (!found) return;
          this.#record = found;
          this.#seenAt = at;
        },
        () => undefined,
      );
      await pause(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
