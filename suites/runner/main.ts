/**
 * Program of a suite's pod. It runs the suite files that the environment names with Mocha, and prints a line for each test. It
 * updates the TestReport meanwhile, and ends with the exit code of the runner contract (@backendai-e2e/api/runner-contract).
 */
import { readFileSync } from 'node:fs';
import type { Connection } from '@backendai-e2e/api/connection';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { LIMITS } from '@backendai-e2e/api/limits';
import { installedBuildInWords } from '@backendai-e2e/api/release';
import { RUNNER_ENV, RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import { secretValues } from '@backendai-e2e/redaction/redaction';
import { couldNotRun, exitCode, type Interruption, type Outcome } from '@backendai-e2e/results/outcome';
import { specReporter } from '@backendai-e2e/results/spec-reporter';
import type { TestIdentity, TestRecord } from '@backendai-e2e/results/test-record';
import { readTraceparent } from '@backendai-e2e/results/trace-ids';
import { recorder } from '../evidence/record.ts';
import { applicability } from '../evidence/releases.ts';
import { fitReport } from './budget.ts';
import { after as callAfter, monotonic, now, pause, restoreClocks } from './clock.ts';
import { causes, headline } from './failure.ts';
import { isOfLibrary, Leftovers, settle } from './leftovers.ts';
import { maskReport, maskSuite, maskTest } from './masking/free-text.ts';
import { maskChildren } from './masking/masked-children.ts';
import { maskDescriptors } from './masking/masked-descriptors.ts';
import { maskOutputs } from './masking/masked-output.ts';
import { Progress } from './progress.ts';
import { statusSender } from './report-sender.ts';
import { ReportLost, ReportWriter } from './report-writer.ts';
import { readReportTarget, readSettings, type Settings } from './settings.ts';
import { reportedWaits } from './waits.ts';

/** Time for clean-up hooks after an interruption. The Job's deadline is 120 s after ours. */
const GRACE_MS = 15_000;
/** Time for the last write of the report, with retries. */
const LAST_WRITE_MS = 10_000;
/** Title of the entry for an error that belongs to no test. */
const AFTER_TESTS = 'an error outside of the tests';

const outputs = maskOutputs(recorder.secrets, [process.stdout, process.stderr]);
const [print, printError] = outputs.print;
process.on('exit', outputs.flush);
maskChildren();
maskDescriptors();

const complain = (line: string): void => printError?.(`${recorder.secrets.mask(line)}\n`);

const reporter = specReporter((text) => print?.(text));
/** Mocha catches errors while tests run. Node.js would print the others without the mask, and end the process. */
let latestTitle = (): string | undefined => undefined;
let phase: 'loading' | 'running' | 'ended' = 'loading';
const crashed = Promise.withResolvers<never>();
// It may reject before the race below listens.
crashed.promise.catch(() => undefined);
const leftovers = new Leftovers<TestIdentity>();
/** The Backend.AI of the connection, for the report. */
let backendAi: string | undefined;
/** The attempt as the environment names it, also where the settings cannot be read. */
const attempt = {
  name: process.env[RUNNER_ENV.suite] ?? '',
  attempt: Number(process.env[RUNNER_ENV.attempt] ?? 1),
};

/** The exit code of the runner itself; undefined while it works. */
let own: number | undefined;
process.on('exit', (code) => {
  if (code === own) return;
  // No other code may read as one of the runner's, or as 128 (the container did not start).
  complain(
    `the process ended with code ${code} during ${latestTitle() ?? 'the start'}: a suite must not end it`,
  );
  process.exitCode = RUNNER_EXIT.failed;
});
own = await main();
process.exit(own);

async function main(): Promise<number> {
  const progress = new Progress(now());
  latestTitle = () => progress.latest?.title;
  process.on('uncaughtException', (error) => {
    if (phase === 'loading') crashed.reject(error);
    else if (phase === 'ended') leftovers.thrown(error);
  });
  process.on('unhandledRejection', (reason, promise) => leftovers.rejected(reason, promise, progress.latest));
  process.on('rejectionHandled', (promise) => leftovers.handled(promise));
  let pod: string | undefined;
  let writer: ReportWriter | undefined;
  try {
    const target = readReportTarget(process.env);
    if (target) {
      writer = new ReportWriter({
        send: statusSender(target),
        snapshot: () =>
          fitReport(
            maskReport(
              {
                ...progress.status(now(), { pod, backendAi }, [...recorder.measurements]),
                ...(recorder.changes.length > 0 ? { changes: [...recorder.changes] } : {}),
                ...(recorder.waits.length > 0 ? { waits: reportedWaits(recorder.waits) } : {}),
              },
              recorder.secrets,
            ),
            LIMITS.reportBytes,
            LIMITS.errorBytes,
          ),
        intervalMs: LIMITS.reportIntervalMs,
        warn: complain,
      });
      const { flush } = writer;
      recorder.storeChanges = () => flush.call(writer, LAST_WRITE_MS);
    }
  } catch (error) {
    complain(headline(error));
    return RUNNER_EXIT.couldNotRun;
  }
  let failed: Outcome | undefined;
  try {
    const settings = readSettings(process.env);
    pod = settings.pod;
    await run(settings, progress, () => writer?.changed());
  } catch (error) {
    complain(withCauses(error));
    failed = couldNotRun(recorder.secrets.mask(withCauses(error)));
  }
  return close(progress, writer, failed);
}

/** Loads and runs the suite. Rejects when it cannot be loaded. */
async function run(settings: Settings, progress: Progress, changed: () => void): Promise<void> {
  const version = readConnection(settings.connection);
  let timer: NodeJS.Timeout | undefined;
  const interruption = new Promise<Interruption>((resolve) => {
    const deadline = { reason: 'DeadlineExceeded', message: deadlineMessage(settings) } as const;
    timer = callAfter(settings.timeoutSeconds * 1000, () => resolve(deadline));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => resolve({ reason: 'Terminated', message: `the runner got ${signal}` }));
    }
  });
  recorder.trace = readTraceparent(process.env[RUNNER_ENV.traceparent]);
  changed();
  const { loadSuites, startRun } = await import('./mocha-run.ts');
  const { judgeBy } = await import('./known-issues.ts');
  const { listsNaming } = await import('./known-issue-files.ts');
  const lists = settings.knownIssues ? [settings.knownIssues] : listsNaming(settings.files);
  // YAML and TypeBox take 0.1 s of CPU. Most suites have no known issue.
  const issues = lists.length > 0 ? (await import('./known-issue-list.ts')).readKnownIssues(...lists) : [];
  const judge = judgeBy(issues, version, now());
  const mocha = await Promise.race([
    loadSuites(settings.files, settings.grep),
    interruption,
    crashed.promise,
  ]);
  if ('reason' in mocha) {
    progress.interrupt(mocha, monotonic());
    return;
  }
  phase = 'running';
  const events = {
    changed,
    ended: (test: TestRecord | undefined) => {
      if (test) show(progress, test);
      changed();
    },
    retried: (title: string, error: string) => complain(`runs again: ${title}: ${error}`),
  };
  const started = startRun(mocha, progress, judge, events, settings.grep);
  const ended = started.ended.then(() => {
    phase = 'ended';
    clearTimeout(timer);
    restoreClocks();
  });
  const early = await Promise.race([ended, interruption]);
  if (!early) {
    await settle();
    await blame(progress, settings.files[0] ?? '');
    return;
  }
  for (const test of progress.interrupt(early, monotonic())) show(progress, test);
  changed();
  started.abort();
  const cleaned = await Promise.race([ended.then(() => true), pause(GRACE_MS).then(() => false)]);
  if (!cleaned) complain(`clean-up did not end within ${GRACE_MS / 1000} s after the interruption`);
}

/**
 * Closes open tests, prints the summary, writes the last report. An error that arrives meanwhile changes the outcome, and
 * both are done once more. Returns the exit code.
 */
async function close(
  progress: Progress,
  writer: ReportWriter | undefined,
  failed: Outcome | undefined,
): Promise<number> {
  for (const test of progress.finish(now(), failed)) show(progress, test);
  const outcome = progress.outcome ?? couldNotRun('no outcome');
  reporter.suiteEnded?.(maskSuite(progress.record(attempt), recorder.secrets));
  try {
    await writer?.finish(LAST_WRITE_MS);
  } catch (error) {
    if (!(error instanceof ReportLost)) throw error;
    complain(error.message);
    return RUNNER_EXIT.couldNotRun;
  }
  if (!failed && (await blame(progress, progress.latest?.file ?? '')))
    return close(progress, writer, undefined);
  return exitCode(outcome);
}

/**
 * Fails the tests that left a rejection behind, and the suite for errors after its last test. After an interruption both
 * are only printed. Returns whether the results changed.
 * @param file named by an error of no test
 */
async function blame(progress: Progress, file: string): Promise<boolean> {
  const { rejections, thrown } = leftovers.take();
  if (rejections.length + thrown.length === 0) return false;
  const { failureText } = await import('./mocha-run.ts');
  let changed = false;
  const fail = (owner: TestIdentity | undefined, text: string): void => {
    const test = owner && progress.failLater(owner, 'failed', text);
    const place = { file: progress.latest?.file ?? file, title: AFTER_TESTS };
    show(progress, test ?? progress.hookFailed(place, 'failed', 0, text));
    changed = true;
  };
  for (const { reason, owner } of rejections) {
    const text = `a promise was rejected and never handled: ${failureText(reason)}`;
    if (isOfLibrary(reason) || progress.interrupted) complain(`warning: ${text}`);
    else fail(owner, text);
  }
  for (const error of thrown) {
    const text = `thrown after the end of the last test: ${failureText(error)}`;
    if (progress.interrupted) complain(`warning: ${text}`);
    else fail(undefined, text);
  }
  return changed;
}

function show(progress: Progress, test: TestRecord): void {
  reporter.testEnded?.(maskTest(test, recorder.secrets), progress.record(attempt));
}

function deadlineMessage(settings: Settings): string {
  return `the suite ${settings.suite} did not end within its ${settings.timeoutSeconds} s`;
}

/**
 * Masks the secrets of the connection, and returns the version of its Backend.AI. Notes it for the report, and for tests that
 * do not apply to it. The suites report an unreadable file.
 */
function readConnection(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    const connection: Partial<Connection> = JSON.parse(readFileSync(path, 'utf8'));
    recorder.secrets.add(secretValues(connection));
    const { version, commit, modified, namespace = 'the deployment' } = connection;
    if (version === undefined) return undefined;
    applicability.deployment = { namespace, version };
    backendAi = installedBuildInWords({
      version,
      ...(commit === undefined ? {} : { commit }),
      ...(modified === undefined ? {} : { modified }),
    }).slice(0, LENGTHS.shortMessage);
    return version;
  } catch (error) {
    complain(`cannot read the connection ${path}: ${String(error)}`);
    return undefined;
  }
}

/** The message, and the stack of the cause. */
function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return headline(error);
  const below = error.cause instanceof Error ? error.cause.stack : undefined;
  return [error.message, ...(below ? [below, ...causes(error.cause)] : causes(error))].join('\n');
}
