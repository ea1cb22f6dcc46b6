import { extname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { NOT_APPLICABLE } from '@backendai-e2e/api/release';
import { printable } from '@backendai-e2e/results/plain-text';
import type { TestEnd, TestIdentity, TestRecord } from '@backendai-e2e/results/test-record';
import { fullTitle, matches } from '@backendai-e2e/results/titles';
import Mocha from 'mocha';
import { recorder } from '../evidence/record.ts';
import { applicability } from '../evidence/releases.ts';
import { monotonic, now } from './clock.ts';
import { differing } from './difference.ts';
import { describeFailure, headline } from './failure.ts';
import type { Judge } from './known-issues.ts';
import { reportLateThrows } from './late-throws.ts';
import type { Progress } from './progress.ts';

/** Folder of the suites: suites/ in development, dist/suites/ in the image. */
const SUITES = fileURLToPath(new URL('..', import.meta.url));
/** .ts in development, .js in the image. */
const EXTENSION = extname(import.meta.url);

/** What Mocha's reporters put in the place of large values. */
const TOO_LARGE = '[object too large to diff]';
/** Default timeout of a test, milliseconds. */
const TEST_TIMEOUT_MS = 120_000;

/**
 * Mocha's silent reporter replaces actual and expected by their texts, and by "[object too large to diff]" above 8 KiB. The texts
 * of two maps, sets or buffers may be equal. This one restores the values in both cases.
 */
class KeepsValues extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    let values: { actual?: unknown; expected?: unknown } = {};
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (_test: Mocha.Test, error: object) => {
      values = { ...error };
    });
    super(runner, options);
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (_test: Mocha.Test, error: object) => {
      if (!('actual' in error) || !('expected' in error)) return;
      if (error.actual !== TOO_LARGE && error.actual !== error.expected) return;
      const { actual, expected } = values;
      Object.assign(error, { actual, expected });
    });
  }
}

reportLateThrows();

/** Callbacks for the caller. */
export interface RunEvents {
  changed(): void;
  ended(test: TestRecord | undefined): void;
  /** A test failed, and Mocha runs it again (`this.retries`). */
  retried(title: string, error: string): void;
}

/**
 * Loads suite files into Mocha. Rejects with the error of the import, prefixed with the file name.
 * @param files as in TestSuite.spec.files
 */
export async function loadSuites(files: readonly string[], grep: RegExp | undefined): Promise<Mocha> {
  const mocha = new Mocha({ timeout: TEST_TIMEOUT_MS, forbidOnly: true, reporter: KeepsValues });
  mocha.cleanReferencesAfterRun(false);
  for (const file of files) {
    mocha.files = [`${SUITES}${file}${EXTENSION}`];
    try {
      await mocha.loadFilesAsync();
    } catch (error) {
      throw new Error(`cannot load the suite file ${file}: ${headline(error)}`, { cause: error });
    }
  }
  keepMatching(mocha.suite, grep);
  return mocha;
}

/** The loaded tests, in order. */
export function plannedTests(mocha: Mocha): TestIdentity[] {
  return testsOf(mocha.suite).map(describeTest);
}

/** A run in progress. */
export interface MochaRun {
  /** Fulfilled when Mocha and its hooks have ended. */
  ended: Promise<void>;
  /** Ends the current test and starts no other. Clean-up hooks still run. */
  abort(): void;
}

/**
 * Runs the loaded tests and updates `progress`. Failed hooks are reported like tests.
 * @param judge may change the result of a test, but not of a hook
 * @param grep leaves out tests that hooks make, as {@link loadSuites} did with the others
 */
export function startRun(
  mocha: Mocha,
  progress: Progress,
  judge: Judge,
  events: RunEvents,
  grep?: RegExp,
): MochaRun {
  const planned = new Map(testsOf(mocha.suite).map((test) => [test, describeTest(test)]));
  progress.plan([...planned.values()]);
  let forced: Mocha.Runnable | undefined;
  let hookSince = monotonic();
  let hookAt = now();
  const runner = mocha.run(() => undefined);
  /** The entry of a test. Hooks and tests may make further tests: they are planned when they are first seen. */
  const plan = (test: Mocha.Test): TestIdentity => {
    const first = firstTry(test);
    const known = planned.get(first);
    if (known) return known;
    const described = describeTest(first);
    planned.set(first, described);
    progress.planMore(described);
    return described;
  };
  const end = (test: Mocha.Test, state: TestEnd['state'], error?: unknown) => {
    const seconds = (test.duration ?? 0) / 1000;
    const described = plan(test);
    if (error !== undefined && !progress.interrupted) {
      const later = progress.failLater(
        described,
        state === 'inconclusive' ? state : 'failed',
        failureText(error),
      );
      if (later) return events.ended(later);
    }
    const why = state === 'pending' ? applicability.whyNot(test) : undefined;
    const ending = judge(described, {
      state,
      ...(error === undefined ? {} : { error: failureText(error) }),
      ...(why === undefined ? {} : { reason: NOT_APPLICABLE, message: why.slice(0, LENGTHS.shortMessage) }),
    });
    events.ended(progress.end(described, ending, seconds));
  };
  // Rejections are judged when the run ends (leftovers.ts): a suite may await a promise later.
  process.removeListener('unhandledRejection', listenersOf(runner).unhandled);
  const ended = new Promise<void>((resolve) =>
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      // Mocha never runs what a test or a hook of a test makes.
      keepMatching(mocha.suite, grep);
      for (const test of testsOf(mocha.suite)) plan(test);
      // Mocha would rethrow errors from now on, which ends the process.
      process.removeListener('uncaughtException', listenersOf(runner).uncaught);
      resolve();
    }),
  );
  runner.on(Mocha.Runner.constants.EVENT_HOOK_END, (hook: Mocha.Hook) => {
    progress.hookPassed(describeTest(hook), hookAt, (monotonic() - hookSince) / 1000);
    if (!hook.title.startsWith('"before all"')) return;
    // Mocha puts what a hook makes below the root suite.
    keepMatching(mocha.suite, grep);
    for (const test of testsOf(mocha.suite)) plan(test);
  });
  runner.on(Mocha.Runner.constants.EVENT_TEST_RETRY, (test: Mocha.Test, error: unknown) => {
    events.retried(describeTest(test).title, recorder.secrets.mask(headline(error)));
  });
  runner.on(Mocha.Runner.constants.EVENT_HOOK_BEGIN, (hook: Mocha.Hook) => {
    if (hook.title.startsWith('"before all"')) recorder.startTest(describeTest(hook));
    else if (hook.title.startsWith('"after all"')) recorder.startCleanUp(describeTest(hook));
    hookSince = monotonic();
    hookAt = now();
  });
  runner.on(Mocha.Runner.constants.EVENT_TEST_BEGIN, (test: Mocha.Test) => {
    recorder.startTest(plan(test), progress.idOf(plan(test)));
    progress.begin(plan(test), monotonic(), now());
    events.changed();
  });
  runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, (test: Mocha.Test) => end(test, 'passed'));
  runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test: Mocha.Test) => end(test, 'pending'));
  runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (runnable: Mocha.Runnable, error: unknown) => {
    const state = error instanceof Error && error.name === 'Inconclusive' ? 'inconclusive' : 'failed';
    if (isTest(runnable)) end(runnable, state, error);
    else if (runnable !== forced) {
      const seconds = (monotonic() - hookSince) / 1000;
      events.ended(progress.hookFailed(describeTest(runnable), state, seconds, failureText(error), hookAt));
    }
  });
  return {
    ended,
    abort() {
      runner.abort();
      const runnable = (runner as unknown as { currentRunnable?: Mocha.Runnable }).currentRunnable;
      // A clean-up hook that already runs may finish within the grace period.
      if (!runnable || /"after (all|each)" hook/.test(runnable.title)) return;
      forced = runnable;
      // This is how Mocha ends a runnable from outside: its timeout fires now.
      runnable.timeout(1);
      runnable.resetTimeout();
    },
  };
}

/** The listeners that a Runner adds to the process. Mocha's types do not have them. */
function listenersOf(runner: Mocha.Runner): Record<'uncaught' | 'unhandled', (...args: unknown[]) => void> {
  return runner as unknown as Record<'uncaught' | 'unhandled', (...args: unknown[]) => void>;
}

/** Mocha runs a clone of a test for each further try. */
function firstTry(test: Mocha.Test): Mocha.Test {
  return (test as unknown as { retriedTest(): Mocha.Test | undefined }).retriedTest() ?? test;
}

function isTest(runnable: Mocha.Runnable): runnable is Mocha.Test {
  return runnable instanceof Mocha.Test;
}

/** The text of a failure, masked. */
export function failureText(error: unknown): string {
  const { Base } = Mocha.reporters;
  const text = describeFailure(error, recorder.exchanges, (actual, expected) => {
    Base.color = (_type, plain) => plain;
    return Base.generateDiff(...differing(actual, expected));
  });
  return recorder.secrets.mask(printable(text));
}

function keepMatching(suite: Mocha.Suite, grep: RegExp | undefined): void {
  if (!grep) return;
  suite.tests = suite.tests.filter((test) => matches(test.titlePath(), grep));
  for (const inner of suite.suites) keepMatching(inner, grep);
}

/** Every test below a suite, in order. */
function testsOf(suite: Mocha.Suite): Mocha.Test[] {
  return [...suite.tests, ...suite.suites.flatMap(testsOf)];
}

function describeTest(runnable: Mocha.Runnable): TestIdentity {
  return { file: fileOf(runnable), title: fullTitle(runnable.titlePath()) };
}

function fileOf(runnable: Mocha.Runnable): string {
  const file = runnable.file ?? runnable.parent?.file;
  if (!file) return 'unknown';
  return relative(SUITES, file).slice(0, -EXTENSION.length).split(sep).join('/');
}
