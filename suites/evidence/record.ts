import { LIMITS } from '@backendai-e2e/api/limits';
import type { DeploymentChange, Measurement } from '@backendai-e2e/api/test-report';
import { Secrets } from '@backendai-e2e/redaction/redaction';
import type { TestIdentity } from '@backendai-e2e/results/test-record';
import { type TraceContext, testContext, traceparent } from '@backendai-e2e/results/trace-ids';

/** One request of the running test and its answer, both masked and shortened. */
export interface Exchange {
  at: string;
  request: string;
  answer: string;
  seconds: number;
  /** How often the same request got the same answer in a row, as waits repeat requests. */
  times: number;
}

/** What a test or a hook waited for, masked and shortened. */
export interface Wait {
  /** Undefined outside of tests and hooks. */
  test: TestIdentity | undefined;
  what: string;
  /** Of all waits of this test for this. */
  seconds: number;
  times: number;
}

/** A shorter wait is not recorded, seconds. */
const LONG_WAIT_SECONDS = 5;
/** Number of exchanges that a failing test shows, the last ones. */
const KEPT_EXCHANGES = 8;
/** Longest text of a request or an answer in an exchange, characters. */
const EXCHANGE_LENGTH = 600;

/**
 * Collects what suites report to the runner while tests run: the last API exchanges, measurements, secrets to mask.
 * A process has one, and only the runner reads it. It imports no library, so that a runner starts quickly.
 */
export class Recorder {
  readonly secrets = new Secrets();
  #exchanges: Exchange[] = [];
  #measurements: Measurement[] = [];
  #changes: DeploymentChange[] = [];
  readonly #waits = new Map<string, Wait>();
  /** The test or hook that runs. Waits are recorded for it. */
  running: TestIdentity | undefined;
  /** The place of the attempt in the trace of its run. The runner sets it, except in a run without a report. */
  trace: TraceContext | undefined;
  #testId: string | undefined;
  /** Stores the changes outside of this process. The runner sets it, except in a run without a report. */
  storeChanges: () => Promise<void> = async () => undefined;

  /** Records a request and its answer, or the error instead of an answer. */
  exchange(request: string, answer: string, seconds: number, at: Date = new Date()): void {
    const entry: Exchange = {
      at: at.toISOString(),
      request: this.#short(request),
      answer: this.#short(answer),
      seconds: Math.round(seconds * 1000) / 1000,
      times: 1,
    };
    const last = this.#exchanges.at(-1);
    if (last?.request === entry.request && last.answer === entry.answer) {
      this.#exchanges[this.#exchanges.length - 1] = { ...entry, times: last.times + 1 };
      return;
    }
    this.#exchanges.push(entry);
    if (this.#exchanges.length > KEPT_EXCHANGES) this.#exchanges.shift();
  }

  /**
   * Notes a change of the deployment before it is made. The operator undoes it if this process ends early. Rejects when it cannot
   * be stored. Then do not make the change.
   */
  async noteChange(change: DeploymentChange): Promise<void> {
    if (this.#changes.length >= LIMITS.changes) {
      throw new Error(`a suite can note ${LIMITS.changes} changes at a time`);
    }
    this.#changes.push(change);
    try {
      await this.storeChanges();
    } catch (error) {
      this.forgetChange(change);
      throw error;
    }
  }

  /** Forgets a change that was undone. */
  forgetChange(change: DeploymentChange): void {
    this.#changes = this.#changes.filter((one) => one !== change);
  }

  /** Changes that are not undone. */
  get changes(): readonly DeploymentChange[] {
    return this.#changes;
  }

  /**
   * Clears the exchanges when a new test, or a hook before all tests, begins.
   * @param id of a test in the report
   */
  startTest(test?: TestIdentity, id?: string): void {
    this.#exchanges = [];
    this.#testId = id;
    this.running = test;
  }

  /** A hook after all tests begins: its waits and requests belong to no test. The exchanges of the last test stay. */
  startCleanUp(hook: TestIdentity): void {
    this.#testId = undefined;
    this.running = hook;
  }

  /** The header `traceparent` of a request: its spans come below the running test, or the attempt. */
  get traceparent(): string | undefined {
    if (!this.trace) return undefined;
    return traceparent(this.#testId === undefined ? this.trace : testContext(this.trace, this.#testId));
  }

  /** Records a wait of the running test, if it was long. Only the longest are kept. */
  waited(what: string, seconds: number): void {
    if (seconds <= LONG_WAIT_SECONDS) return;
    const test = this.running;
    const said = this.#short(what);
    const key = JSON.stringify([test?.file, test?.title, said]);
    const before = this.#waits.get(key);
    this.#waits.set(key, {
      ...{ test, what: said },
      seconds: (before?.seconds ?? 0) + seconds,
      times: (before?.times ?? 0) + 1,
    });
    if (this.#waits.size <= LIMITS.waits) return;
    const shortest = [...this.#waits].reduce((one, other) =>
      other[1].seconds < one[1].seconds ? other : one,
    );
    this.#waits.delete(shortest[0]);
  }

  /** The long waits so far, the longest first. */
  get waits(): readonly Wait[] {
    return [...this.#waits.values()].sort((one, other) => other.seconds - one.seconds);
  }

  /** The last exchanges of the test, oldest first. */
  get exchanges(): readonly Exchange[] {
    return this.#exchanges;
  }

  /** Adds a measurement to the report. */
  measure(measurement: Measurement): void {
    this.#measurements.push(measurement);
  }

  /** The measurements of the suite, oldest first. */
  get measurements(): readonly Measurement[] {
    return this.#measurements;
  }

  #short(text: string): string {
    const masked = this.secrets.mask(text);
    return masked.length > EXCHANGE_LENGTH ? `${masked.slice(0, EXCHANGE_LENGTH)}… (cut)` : masked;
  }
}

/** The recorder of this process. */
export const recorder = new Recorder();

/**
 * Adds a measurement to the suite's results (TestReport.status.measurements).
 * @param name what is measured, for example "session-start"
 * @param unit for example "s"; seconds, milliseconds, MiB, descriptors and requests/s are compared with earlier runs
 * @param limit the bound that Backend.AI's configuration implies, in the unit
 */
export function measure(name: string, value: number, unit: string, limit?: number): void {
  const thousandths = (number: number): number => Math.round(number * 1000) / 1000;
  recorder.measure({
    ...{ name, value: thousandths(value), unit },
    ...(limit === undefined ? {} : { limit: thousandths(limit) }),
    measuredAt: new Date().toISOString(),
  });
}

/** A test throws this when it cannot observe what it claims to prove. It is then neither passed nor failed. */
export class Inconclusive extends Error {
  override name = 'Inconclusive';
}
