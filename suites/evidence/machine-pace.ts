import { createHash } from 'node:crypto';

/** Work of one sample: about 10 ms on a core of its own. It must be long enough for the scheduler to interrupt it. */
const SAMPLE = Buffer.alloc(8 * 1024 * 1024);
/** Milliseconds between samples. They cost about 1 % of a core. */
const EVERY_MS = 1_000;
/** Highest pace that counts. On a machine slower than this, a bound would no longer prove anything. */
const SLOWEST = 5;

/** One sample of how much CPU time a busy process gets. */
export interface PaceSample {
  /** Milliseconds since 1970. */
  at: number;
  /** Milliseconds that the work took. */
  wallMs: number;
  /** Milliseconds of CPU time that it got. */
  cpuMs: number;
}

/**
 * Measures the pace of this node while tests run. A pace of 1 means that work gets a core at once. A pace of 2 means that
 * other work doubles its time. A process of Backend.AI that shares the node is as late, so that a bound can follow the pace.
 */
export class MachinePace {
  readonly samples: PaceSample[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Starts to take samples. They do not keep the process alive. */
  start(): this {
    this.#timer ??= setInterval(() => this.samples.push(takeSample()), EVERY_MS).unref();
    return this;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Returns the pace since a time (milliseconds since 1970), from 1 to 5; see {@link paceOf}. */
  since(at: number): number {
    return paceOf(this.samples.filter((sample) => sample.at >= at));
  }
}

/** Returns the wall time of all samples divided by their CPU time, from 1 to 5. Without samples it is 1. */
export function paceOf(samples: readonly PaceSample[]): number {
  const wallMs = samples.reduce((sum, sample) => sum + sample.wallMs, 0);
  const cpuMs = samples.reduce((sum, sample) => sum + sample.cpuMs, 0);
  return cpuMs > 0 ? Math.min(SLOWEST, Math.max(1, wallMs / cpuMs)) : 1;
}

function takeSample(): PaceSample {
  const at = Date.now();
  const began = performance.now();
  const before = process.cpuUsage();
  createHash('sha256').update(SAMPLE).digest();
  const { user, system } = process.cpuUsage(before);
  return { at, wallMs: performance.now() - began, cpuMs: (user + system) / 1000 };
}
