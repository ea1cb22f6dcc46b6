import { LENGTHS } from '@backendai-e2e/api/lengths';
import { LIMITS } from '@backendai-e2e/api/limits';
import type { ReportedHook, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { Counts } from '@backendai-e2e/api/verdict';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import { countTests, decideOutcome, type Interruption, type Outcome } from '@backendai-e2e/results/outcome';
import { NOT_RUN } from '@backendai-e2e/results/printed-output';
import type { SuiteRecord } from '@backendai-e2e/results/run-record';
import type { TestEnd, TestIdentity, TestRecord } from '@backendai-e2e/results/test-record';
import { TestIds } from '@backendai-e2e/results/titles';

/** A shorter hook explains no gap between tests. */
const SHORTEST_HOOK_SECONDS = 0.1;

/**
 * The state of one attempt: planned tests, results, and the current test. It uses neither Mocha nor the API server: it
 * receives events and returns a status. Every planned test ends exactly once in any case.
 */
export class Progress {
  readonly #ids = new TestIds();
  readonly #startedAt: Date;
  #open = new Map<TestIdentity, string>();
  #tests: TestRecord[] = [];
  readonly #hooks: ReportedHook[] = [];
  /** When each test began. */
  readonly #begun = new Map<TestIdentity, Date>();
  /** Where ended tests are in `#tests`. */
  readonly #ended = new Map<TestIdentity, number>();
  #planned = 0;
  #failedHooks = 0;
  #current: { test: TestIdentity; since: number } | undefined;
  #latest: TestIdentity | undefined;
  #interruption: Interruption | undefined;
  #outcome: Outcome | undefined;
  #finishedAt: Date | undefined;

  constructor(startedAt: Date) {
    this.#startedAt = startedAt;
  }

  /** Sets the tests to run, in order. */
  plan(tests: readonly TestIdentity[]): void {
    this.#planned = tests.length;
    this.#open = new Map(tests.map((test) => [test, this.#ids.next(test.file, test.title)]));
  }

  /** Adds a test that a hook made while the suite ran. */
  planMore(test: TestIdentity): void {
    this.#planned += 1;
    this.#open.set(test, this.#ids.next(test.file, test.title));
  }

  /** The id of a planned test in the report. Undefined once it has ended. */
  idOf(test: TestIdentity): string | undefined {
    return this.#open.get(test);
  }

  /** The test that began last. */
  get latest(): TestIdentity | undefined {
    return this.#latest;
  }

  /**
   * @param now milliseconds of a monotonic clock
   * @param at the same moment; of several tries, that of the last one is reported
   */
  begin(test: TestIdentity, now: number, at: Date): void {
    this.#current = { test, since: now };
    this.#begun.set(test, at);
    this.#latest = test;
  }

  /**
   * Records the end of a test. Returns its entry in the report, or undefined when it was closed before (interrupted).
   * @param seconds as measured by Mocha
   */
  end(test: TestIdentity, end: TestEnd, seconds: number): TestRecord | undefined {
    const id = this.#open.get(test);
    if (id === undefined) return undefined;
    this.#open.delete(test);
    this.#ended.set(test, this.#tests.length);
    if (this.#current?.test === test) this.#current = undefined;
    const at = this.#begun.get(test);
    return this.#add({
      ...{ id, ...test, ...end },
      ...(at ? { startedAt: at.toISOString() } : {}),
      seconds: round(seconds),
    });
  }

  /**
   * Records an error of a test that has ended: a second call of its callback, or its unhandled rejection. A test that failed as
   * listed keeps its state. Returns the changed entry, or undefined when the test has no end or was interrupted.
   */
  failLater(test: TestIdentity, state: 'failed' | 'inconclusive', error: string): TestRecord | undefined {
    const index = this.#ended.get(test);
    const entry = index === undefined ? undefined : this.#tests[index];
    if (index === undefined || !entry || entry.state === 'interrupted') return undefined;
    const keeps = entry.state === 'failed' || entry.state === 'known-issue';
    const changed: TestRecord = {
      ...entry,
      state: keeps ? entry.state : state,
      error: entry.error ? `${entry.error}\n${error}` : error,
    };
    this.#tests[index] = changed;
    return changed;
  }

  /**
   * Records a failed hook. It is reported like a test, because the suite failed.
   * @param at when it began; undefined for an error that belongs to no hook
   */
  hookFailed(
    hook: TestIdentity,
    state: 'failed' | 'inconclusive',
    seconds: number,
    error: string,
    at?: Date,
  ): TestRecord {
    this.#failedHooks += 1;
    const id = this.#ids.next(hook.file, hook.title);
    const began = at ? { startedAt: at.toISOString() } : {};
    return this.#add({ id, ...hook, state, ...began, seconds: round(seconds), error });
  }

  /** Records a hook that succeeded, unless it was short or the report has enough of them. */
  hookPassed(hook: TestIdentity, at: Date, seconds: number): void {
    if (seconds < SHORTEST_HOOK_SECONDS || this.#hooks.length >= LIMITS.hooks) return;
    this.#hooks.push({
      file: cut(hook.file, LENGTHS.suiteFile),
      title: cut(hook.title, LENGTHS.shortMessage),
      startedAt: at.toISOString(),
      seconds: round(seconds),
    });
  }

  /** Interrupts every open test after the deadline or a signal. Returns the closed tests. */
  interrupt(interruption: Interruption, now: number): TestRecord[] {
    if (this.#interruption || this.#outcome) return [];
    this.#interruption = interruption;
    const current = this.#current;
    return [...this.#open.keys()].flatMap((test) => {
      const runs = current?.test === test;
      const error = runs
        ? `interrupted while it ran: ${interruption.message}`
        : `${NOT_RUN}${interruption.message}`;
      const seconds = runs ? (now - current.since) / 1000 : 0;
      return this.end(test, { state: 'interrupted', error }, seconds) ?? [];
    });
  }

  /** Whether the attempt ended before all its tests did. */
  get interrupted(): boolean {
    return this.#interruption !== undefined;
  }

  /**
   * Records the end of Mocha. Closes and returns tests that never ran, for example after a failed hook.
   * @param outcome overrides the outcome that the tests give
   */
  finish(now: Date, outcome?: Outcome): TestRecord[] {
    const unsure = this.#tests.every((test) => test.state !== 'failed' && test.state !== 'interrupted');
    const state = unsure && this.#failedHooks > 0 ? 'inconclusive' : 'interrupted';
    const why = this.#failedHooks > 0 ? 'a hook before it did not succeed' : 'the run ended before it began';
    const closed = [...this.#open.keys()].flatMap(
      (test) => this.end(test, { state, error: `${NOT_RUN}${why}` }, 0) ?? [],
    );
    this.#outcome = outcome ?? decideOutcome(this.#tests, this.#interruption);
    this.#finishedAt = now;
    this.#current = undefined;
    return closed;
  }

  /** The verdict with its reason; undefined until {@link finish}. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** The tests so far, in the order of the files. */
  get tests(): readonly TestRecord[] {
    return this.#tests;
  }

  /** How many tests there are in each state. */
  get counts(): Counts {
    return countTests(this.#tests, this.#planned, this.#failedHooks);
  }

  /** The attempt for reporters. */
  record(suite: Pick<SuiteRecord, 'name' | 'attempt'>): SuiteRecord {
    const outcome = this.#outcome;
    return {
      ...suite,
      state: outcome ? 'Finished' : 'Running',
      failed: outcome ? isFailure(outcome, {}) : false,
      ...outcome,
      startedAt: this.#startedAt.toISOString(),
      counts: this.counts,
      tests: this.#tests,
      attempts: [],
    };
  }

  /** The current report, before it is fitted into the byte budget. */
  status(
    now: Date,
    { pod, backendAi }: { pod?: string | undefined; backendAi?: string | undefined },
    measurements: NonNullable<TestReportStatus['measurements']>,
  ): TestReportStatus {
    const end = this.#finishedAt;
    const outcome = this.#outcome;
    return {
      startedAt: this.#startedAt.toISOString(),
      updatedAt: now.toISOString(),
      ...(end ? { finishedAt: end.toISOString(), final: true } : {}),
      seconds: round(((end ?? now).getTime() - this.#startedAt.getTime()) / 1000),
      ...(outcome ? { verdict: outcome.verdict } : {}),
      ...(outcome?.reason ? { reason: outcome.reason } : {}),
      ...(outcome?.message ? { message: cut(outcome.message, LENGTHS.longMessage) } : {}),
      ...(this.#current ? { current: this.#current.test.title } : {}),
      counts: this.counts,
      tests: [...this.#tests],
      ...(this.#hooks.length > 0 ? { hooks: [...this.#hooks] } : {}),
      ...(measurements.length > 0 ? { measurements: measurements.slice(0, LIMITS.measurements) } : {}),
      ...(pod ? { pod } : {}),
      ...(backendAi ? { backendAi } : {}),
    };
  }

  #add(test: TestRecord): TestRecord {
    this.#tests.push(test);
    return test;
  }
}

function round(seconds: number): number {
  return Math.round(Math.max(0, seconds) * 100) / 100;
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
