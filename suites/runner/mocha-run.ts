import { extname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestEnd, TestIdentity, TestRecord } from '@backendai-e2e/results/test-record';
import { fullTitle, matches } from '@backendai-e2e/results/titles';
import Mocha from 'mocha';
import { recorder } from '../evidence/record.ts';
import { describeFailure, headline } from './failure.ts';
import type { Judge } from './known-issues.ts';
import type { Progress } from './progress.ts';

/** Folder of the suites: suites/ in development, dist/suites/ in the image. */
const SUITES = fileURLToPath(new URL('..', import.meta.url));
/** .ts in development, .js in the image. */
const EXTENSION = extname(import.meta.url);

/** Default timeout of a test, milliseconds. */
const TEST_TIMEOUT_MS = 120_000;

/** Callbacks for the caller. */
export interface RunEvents {
  changed(): void;
  ended(test: TestRecord | undefined): void;
}

/**
 * Loads suite files into Mocha. Rejects with the error of the import, prefixed with the file name.
 * @param files as in TestSuite.spec.files
 */
export async function loadSuites(files: readonly string[], grep: RegExp | undefined): Promise<Mocha> {
  const mocha = new Mocha({ timeout: TEST_TIMEOUT_MS, forbidOnly: true, reporter: Mocha.reporters.Base });
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
 */
export function startRun(mocha: Mocha, progress: Progress, judge: Judge, events: RunEvents): MochaRun {
  const planned = new Map(testsOf(mocha.suite).map((test) => [test, describeTest(test)]));
  progress.plan([...planned.values()]);
  let forced: Mocha.Runnable | undefined;
  let hookSince = performance.now();
  const runner = mocha.run(() => undefined);
  const plan = (test: Mocha.Runnable): TestIdentity => planned.get(test as Mocha.Test) ?? describeTest(test);
  const end = (test: Mocha.Test, state: TestEnd['state'], error?: unknown) => {
    const seconds = (test.duration ?? 0) / 1000;
    const described = plan(test);
    const ending = judge(described, { state, ...(error === undefined ? {} : { error: failureText(error) }) });
    events.ended(progress.end(described, ending.state, seconds, ending.error));
  };
  const ended = new Promise<void>((resolve) => runner.once(Mocha.Runner.constants.EVENT_RUN_END, resolve));
  runner.on(Mocha.Runner.constants.EVENT_HOOK_BEGIN, (hook: Mocha.Hook) => {
    if (hook.title.startsWith('"before all"')) recorder.startTest();
    hookSince = performance.now();
  });
  runner.on(Mocha.Runner.constants.EVENT_TEST_BEGIN, (test: Mocha.Test) => {
    recorder.startTest();
    progress.begin(plan(test), performance.now());
    events.changed();
  });
  runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, (test: Mocha.Test) => end(test, 'passed'));
  runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test: Mocha.Test) => end(test, 'pending'));
  runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (runnable: Mocha.Runnable, error: unknown) => {
    const state = error instanceof Error && error.name === 'Inconclusive' ? 'inconclusive' : 'failed';
    if (planned.has(runnable as Mocha.Test)) end(runnable as Mocha.Test, state, error);
    else if (runnable !== forced) {
      const seconds = (performance.now() - hookSince) / 1000;
      events.ended(progress.hookFailed(plan(runnable), state, seconds, failureText(error)));
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

function failureText(error: unknown): string {
  const { Base } = Mocha.reporters;
  const text = describeFailure(error, recorder.exchanges, (actual, expected) => {
    Base.color = (_type, plain) => plain;
    return Base.generateDiff(actual, expected);
  });
  return recorder.secrets.mask(text);
}

function keepMatching(suite: Mocha.Suite, grep: RegExp | undefined): void {
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
