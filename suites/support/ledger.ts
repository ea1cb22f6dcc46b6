import { waitUntil } from './waiting.ts';

/** Time for one entry to be undone, milliseconds: a session is let come to rest (25 s) and has 60 s to end. */
const UNDO_MS = 90_000;

interface Entry {
  what: string;
  undo: () => Promise<unknown>;
}

/** Clean-up did not succeed. The message lists what is left and why. */
export class LeftBehind extends Error {
  override name = 'LeftBehind';
  readonly left: readonly string[];
  constructor(left: readonly string[], cause: unknown) {
    super(`clean-up left behind: ${left.join('; ')}`, { cause });
    this.left = left;
  }
}

/**
 * What a test or a suite must undo. Entries are undone last first, each in its own time limit, and one that fails
 * does not keep the others from their turn. Where nobody listens, as behind a Service none of whose pods is ready after what the
 * test broke, nothing was done, and it is tried again.
 */
export class Ledger {
  #entries: Entry[] = [];

  /**
   * Promises to undo something; note it before it is done, so that a half-done thing is undone too.
   * @param what names the thing, for example "session e2e-1a2b3c"
   */
  add(what: string, undo: () => Promise<unknown>): void {
    this.#entries.push({ what, undo });
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Undoes everything and empties the ledger. Throws {@link LeftBehind} when something could not be undone. */
  async settle(limitMs: number = UNDO_MS): Promise<void> {
    const entries = this.#entries.reverse();
    this.#entries = [];
    const left: string[] = [];
    let cause: unknown;
    for (const entry of entries) {
      try {
        const again = { deadlineSeconds: limitMs / 1000, tolerate: isRefusedConnection };
        await within(waitUntil(`${entry.what} to be undone`, entry.undo, again), limitMs);
      } catch (error) {
        cause ??= error;
        left.push(`${entry.what} (${error instanceof Error ? error.message : String(error)})`);
      }
    }
    if (left.length > 0) throw new LeftBehind(left, cause);
  }
}

/** Whether an error, or what it came of, is a connection that nobody took. */
function isRefusedConnection(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'ECONNREFUSED') return true;
  }
  return false;
}

async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not undone within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
