import { statfs } from 'node:fs/promises';
import { Transform } from 'node:stream';

/** There is no room for an artifact. What is stored stays. */
export class FullError extends Error {
  override readonly name = 'FullError';
}

/** Space that artifacts take and may take, in bytes. */
export interface Usage {
  used: number;
  /** Undefined: the volume itself is the limit. */
  quota: number | undefined;
  /** Artifacts that were refused for want of space, since the start. */
  refused: number;
}

/** Block of the common file systems. A file takes whole blocks, and about one more for its share of the folders. */
const BLOCK = 4096;
/** Share of a volume, and its maximum, that stays free. A completely full volume fails in many ways. */
const RESERVE = { share: 0.01, bytes: 64 * 1024 * 1024 };

/** Bytes that a file takes on the volume. */
function costOf(bytes: number): number {
  return (Math.ceil(bytes / BLOCK) + 1) * BLOCK;
}

/** Keeps artifacts below a limit: the kubelet evicts a pod whose emptyDir exceeds its own, with all artifacts. */
export class Quota {
  readonly #folder: string;
  readonly #quota: number | undefined;
  #used = 0;
  #refused = 0;

  /** @param quota bytes; undefined: only the free space of the volume counts */
  constructor(folder: string, quota: number | undefined) {
    this.#folder = folder;
    this.#quota = quota;
  }

  /** The bytes that artifacts take, and the bytes that they may take. */
  get usage(): Usage {
    return { used: this.#used, quota: this.#quota, refused: this.#refused };
  }

  /** Counts a file that is stored. */
  add(bytes: number): void {
    this.#used += costOf(bytes);
  }

  /** Counts a file that is removed. */
  remove(bytes: number): void {
    this.#used = Math.max(0, this.#used - costOf(bytes));
  }

  /**
   * Runs a write, whose stream counts its bytes. They count from then on, unless the write fails. Throws FullError before
   * anything exceeds the limit. `announced`: how many bytes are expected.
   */
  async write<T>(announced: number | undefined, work: (count: Transform) => Promise<T>): Promise<T> {
    let mine = 0;
    let seen = 0;
    const take = (bytes: number) => {
      this.#mustFit(this.#used - mine + costOf(bytes));
      this.#used += costOf(bytes) - mine;
      mine = costOf(bytes);
    };
    try {
      take(announced ?? 0);
      await this.#mustBeFree(announced ?? 0);
      const count = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          seen += chunk.length;
          try {
            if (costOf(seen) > mine) take(seen);
            done(null, chunk);
          } catch (error) {
            done(error instanceof Error ? error : new Error(String(error)));
          }
        },
      });
      const done = await work(count);
      this.#used += costOf(seen) - mine;
      return done;
    } catch (error) {
      this.#used -= mine;
      const full = asFull(error);
      if (!full) throw error;
      this.#refused += 1;
      throw full;
    }
  }

  #mustFit(used: number): void {
    if (this.#quota === undefined || used <= this.#quota) return;
    throw new FullError(
      `the volume is full: artifacts may take ${this.#quota} bytes. Delete runs, or set artifacts.volume of the chart to a larger one.`,
    );
  }

  async #mustBeFree(bytes: number): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#folder);
    const reserve = Math.min(RESERVE.bytes, blocks * bsize * RESERVE.share);
    const free = bavail * bsize;
    if (free >= costOf(bytes) + reserve) return;
    throw new FullError(`the volume is full: ${free} bytes are free; delete runs, or enlarge the volume`);
  }
}

function asFull(error: unknown): FullError | undefined {
  if (error instanceof FullError) return error;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') return undefined;
  return new FullError(`the volume is full: ${error.message}`, { cause: error });
}
