import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { RIGHTS_SETTLE_MS } from '@backendai-e2e/kube/settling-rights';
import { after, monotonic, pause } from './clock.ts';
import { ReportRefused, type SendStatus } from './report-sender.ts';

/** Pauses between tries of the last write, milliseconds. The last pause repeats. */
const BACKOFF_MS = [100, 250, 500, 1_000, 2_000];

/** The last write did not succeed within its deadline. */
export class ReportLost extends Error {
  override name = 'ReportLost';
}

interface Options {
  send: SendStatus;
  /** Returns the status to write. It is called at the time of the write. */
  snapshot: () => TestReportStatus;
  /** Minimum time between the starts of two writes, milliseconds. */
  intervalMs: number;
  /** A write failed and will be tried again. */
  warn: (line: string) => void;
}

/**
 * Writes a growing report: one write at a time, at most one for each interval, always with the newest state.
 * A failed write is not repeated, because the next one contains everything.
 */
export class ReportWriter {
  readonly #options: Options;
  #timer: NodeJS.Timeout | undefined;
  #flight: Promise<void> = Promise.resolve();
  #nextAt = 0;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Schedules a write: at once when the interval allows, else as soon as it does. */
  changed(): void {
    if (this.#closed || this.#timer) return;
    this.#timer = after(Math.max(0, this.#nextAt - monotonic()), () => this.#write());
    // It is not a timer that a test left behind (leftovers.ts).
    this.#timer.unref();
  }

  /**
   * Writes the last state, with retries until it succeeds. While rights are missing, it tries for RIGHTS_SETTLE_MS.
   * Throws {@link ReportLost} when the deadline passes or the API server refuses it for good.
   */
  async finish(deadlineMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const since = monotonic();
    await this.#flight;
    await this.#untilWritten('final report', since, deadlineMs);
  }

  /** Writes the current state now, like {@link finish}, and resolves when the API server has it. More writes may follow. */
  flush(deadlineMs: number): Promise<void> {
    const since = monotonic();
    const write = this.#flight.then(() => this.#untilWritten('report', since, deadlineMs));
    // The caller gets the error. The next write starts all the same.
    this.#flight = write.catch(() => undefined);
    return write;
  }

  async #untilWritten(what: string, since: number, deadlineMs: number): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#options.send(this.#options.snapshot());
        return;
      } catch (error) {
        const wait = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 0;
        const final = error instanceof ReportRefused && !error.retry;
        const rights = error instanceof ReportRefused && error.rights;
        const lasted = monotonic() - since;
        if (final || lasted + wait > (rights ? Math.max(deadlineMs, RIGHTS_SETTLE_MS) : deadlineMs)) {
          const tries = `${attempt + 1} tries in ${Math.round(lasted / 1000)} s`;
          throw new ReportLost(`the ${what} could not be written (${tries}): ${String(error)}`, {
            cause: error,
          });
        }
        this.#options.warn(`report not written, trying again in ${wait} ms: ${String(error)}`);
        await pause(wait);
      }
    }
  }

  #write(): void {
    this.#flight = this.#flight.then(async () => {
      this.#timer = undefined;
      if (this.#closed) return;
      this.#nextAt = monotonic() + this.#options.intervalMs;
      try {
        await this.#options.send(this.#options.snapshot());
      } catch (error) {
        this.#options.warn(`report not written for now: ${String(error)}`);
        this.changed();
      }
    });
  }
}
