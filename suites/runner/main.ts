/**
 * Program of a suite's pod. It runs the suite files that the environment names with Mocha, prints a line for each test,
 * updates the TestReport meanwhile, and ends with the exit code of the runner contract (@backendai-e2e/api/runner-contract).
 */
import { readFileSync } from 'node:fs';
import type { Connection } from '@backendai-e2e/api/connection';
import { LIMITS } from '@backendai-e2e/api/limits';
import { RUNNER_ENV, RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import { maskStrings, secretValues } from '@backendai-e2e/redaction/redaction';
import { couldNotRun, exitCode, type Interruption, type Outcome } from '@backendai-e2e/results/outcome';
import { specReporter } from '@backendai-e2e/results/spec-reporter';
import type { TestRecord } from '@backendai-e2e/results/test-record';
import { recorder } from '../evidence/record.ts';
import { fitReport } from './budget.ts';
import { headline } from './failure.ts';
import { maskOutputs } from './masked-output.ts';
import { Progress } from './progress.ts';
import { statusSender } from './report-sender.ts';
import { ReportLost, ReportWriter } from './report-writer.ts';
import { readReportTarget, readSettings, type Settings } from './settings.ts';

/** Time for clean-up hooks after an interruption. The Job's deadline is 120 s after ours. */
const GRACE_MS = 15_000;
/** Time for the last write of the report, with retries. */
const LAST_WRITE_MS = 10_000;

maskOutputs(recorder.secrets, [process.stdout, process.stderr]);
// Node.js would print an uncaught error without the mask. Mocha catches errors while tests run.
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') > 1) return;
  complain(withCauses(error));
  process.exit(RUNNER_EXIT.couldNotRun);
});

const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const reporter = specReporter((text) => process.stdout.write(text));
/** The attempt as the environment names it, also where the settings cannot be read. */
const attempt = {
  name: process.env[RUNNER_ENV.suite] ?? '',
  attempt: Number(process.env[RUNNER_ENV.attempt] ?? 1),
};

process.exit(await main());

async function main(): Promise<number> {
  const startedAt = new Date();
  const progress = new Progress(startedAt);
  let pod: string | undefined;
  let writer: ReportWriter | undefined;
  try {
    const target = readReportTarget(process.env);
    if (target) {
      writer = new ReportWriter({
        send: statusSender(target),
        snapshot: () =>
          fitReport(
            maskStrings(progress.status(new Date(), pod, [...recorder.measurements]), recorder.secrets),
            LIMITS.reportBytes,
            LIMITS.errorBytes,
          ),
        intervalMs: LIMITS.reportIntervalMs,
        warn: complain,
      });
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
    failed = couldNotRun(recorder.secrets.mask(withCauses(error)));
  }
  return close(progress, writer, failed);
}

/** Loads and runs the suite. Rejects when it cannot be loaded. */
async function run(settings: Settings, progress: Progress, changed: () => void): Promise<void> {
  const version = readConnection(settings.connection);
  const interruption = new Promise<Interruption>((resolve) => {
    const deadline = { reason: 'DeadlineExceeded', message: deadlineMessage(settings) } as const;
    setTimeout(() => resolve(deadline), settings.timeoutSeconds * 1000);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => resolve({ reason: 'Terminated', message: `the runner got ${signal}` }));
    }
  });
  changed();
  const { loadSuites, startRun } = await import('./mocha-run.ts');
  const { judgeBy, KNOWN_ISSUES, readKnownIssues } = await import('./known-issues.ts');
  const judge = judgeBy(readKnownIssues(settings.knownIssues ?? KNOWN_ISSUES), version, new Date());
  const mocha = await Promise.race([loadSuites(settings.files, settings.grep), interruption]);
  if ('reason' in mocha) {
    progress.interrupt(mocha, performance.now());
    return;
  }
  const started = startRun(mocha, progress, judge, {
    changed,
    ended: (test) => {
      if (test) show(progress, test);
      changed();
    },
  });
  const early = await Promise.race([started.ended, interruption]);
  if (!early) return;
  for (const test of progress.interrupt(early, performance.now())) show(progress, test);
  changed();
  started.abort();
  const cleaned = await Promise.race([started.ended.then(() => true), after(GRACE_MS).then(() => false)]);
  if (!cleaned) complain(`clean-up did not end within ${GRACE_MS / 1000} s after the interruption`);
}

/** Closes open tests, prints the summary, writes the last report. Returns the exit code. */
async function close(
  progress: Progress,
  writer: ReportWriter | undefined,
  failed: Outcome | undefined,
): Promise<number> {
  for (const test of progress.finish(new Date(), failed)) show(progress, test);
  const outcome = progress.outcome ?? couldNotRun('no outcome');
  reporter.suiteEnded?.(progress.record(attempt));
  try {
    await writer?.finish(LAST_WRITE_MS);
  } catch (error) {
    if (!(error instanceof ReportLost)) throw error;
    complain(error.message);
    return RUNNER_EXIT.couldNotRun;
  }
  return exitCode(outcome);
}

function show(progress: Progress, test: TestRecord): void {
  reporter.testEnded?.(test, progress.record(attempt));
}

function deadlineMessage(settings: Settings): string {
  return `the suite ${settings.suite} did not end within its ${settings.timeoutSeconds} s`;
}

/**
 * Masks the secrets of the connection and returns its version of Backend.AI. The suites report an unreadable file.
 */
function readConnection(path: string | undefined): string | undefined {
  if (!path) return undefined;
  try {
    const connection: Partial<Connection> = JSON.parse(readFileSync(path, 'utf8'));
    recorder.secrets.add(secretValues(connection));
    return connection.version;
  } catch (error) {
    complain(`cannot read the connection ${path}: ${String(error)}`);
    return undefined;
  }
}

/** The message, and the stack of the cause. */
function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return headline(error);
  const below = error.cause instanceof Error ? error.cause.stack : undefined;
  return below ? `${error.message}\n${below}` : error.message;
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
