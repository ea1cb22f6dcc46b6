import { monotonic, pause } from './clock.ts';

/** How long timers that tests left behind may still fire before the attempt ends, milliseconds. */
const SETTLE_MS = 250;
/** Pause between two looks at what is left, milliseconds. */
const LOOK_MS = 5;

/** An unhandled rejection. */
interface Rejection<Owner> {
  reason: unknown;
  /** What ran when the rejection was noticed; undefined between tests. */
  owner: Owner | undefined;
}

/**
 * Errors that no test reports: rejections that stay unhandled, and errors after the end of the last test. Mocha ignores the
 * former and rethrows the latter, which would end the process without a report.
 */
export class Leftovers<Owner> {
  #rejections = new Map<Promise<unknown>, Rejection<Owner>>();
  #thrown: unknown[] = [];

  /** Notes a rejection. It counts unless {@link handled} follows. */
  rejected(reason: unknown, promise: Promise<unknown>, owner: Owner | undefined): void {
    if (!this.#rejections.has(promise)) this.#rejections.set(promise, { reason, owner });
  }

  /** Forgets a rejection: the suite awaited the promise later. */
  handled(promise: Promise<unknown>): void {
    this.#rejections.delete(promise);
  }

  /** Notes an error that was thrown after the end of the last test. */
  thrown(error: unknown): void {
    this.#thrown.push(error);
  }

  /** Everything since the last call, in the order of its arrival. */
  take(): { rejections: Rejection<Owner>[]; thrown: unknown[] } {
    const taken = { rejections: [...this.#rejections.values()], thrown: this.#thrown };
    this.#rejections = new Map();
    this.#thrown = [];
    return taken;
  }
}

/**
 * Waits until no timer of the suite is left, at most {@link SETTLE_MS}. A suite that cleans up costs nothing: only timers
 * that keep the process alive count.
 */
export async function settle(): Promise<void> {
  await pause(0);
  const deadline = monotonic() + SETTLE_MS;
  while (monotonic() < deadline && hasTimers()) await pause(LOOK_MS);
}

function hasTimers(): boolean {
  return process.getActiveResourcesInfo().some((kind) => kind === 'Timeout' || kind === 'Immediate');
}

/**
 * Whether a rejection is the fault of a library alone. Its stack then has frames of packages and none of a suite. An example is a
 * connection that broke while it was idle.
 */
export function isOfLibrary(reason: unknown): boolean {
  const frames = (reason instanceof Error ? (reason.stack ?? '') : '')
    .split('\n')
    .filter((line) => /^\s+at .*(file:|\/)/.test(line) && !line.includes('node:'));
  return frames.length > 0 && frames.every((line) => line.includes('/node_modules/'));
}
