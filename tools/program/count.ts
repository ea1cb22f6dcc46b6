import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Counts } from '@backendai-e2e/api/verdict';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { PartResult } from './test.ts';

/** Tests of all parts and jobs together. */
export type Total = Pick<Counts, 'passed' | 'failed'>;

/**
 * `./tools/dev count`: prints one line, "N passed, N failed", over out/test/tally.json and the run.json of each folder. A
 * stage without a result counts as one failure. Returns 1 if anything failed.
 * @param folders results of jobs, relative to the checkout; none: those of the usual job
 */
export async function countCommand(folders: readonly string[] = []): Promise<number> {
  const tests = await read<PartResult[]>(path.join(PROJECT_ROOT, 'out/test/tally.json'));
  const jobs = await Promise.all(
    (folders.length > 0 ? folders : [NAMES.out]).map((folder) =>
      read<{ run: TestRun }>(path.join(PROJECT_ROOT, folder, 'run.json')),
    ),
  );
  const total = totalOf(
    tests,
    jobs.map((job) => job?.run),
  );
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
}

/**
 * Adds up the project's tests and those of the runs. A suite that fails without a failed test counts as one failure.
 * @param tests undefined: `make test` left no result
 * @param runs one for each job; undefined: it left no result
 */
export function totalOf(
  tests: readonly PartResult[] | undefined,
  runs: readonly (TestRun | undefined)[],
): Total {
  const parts = (tests ?? [{ tally: LOST }]).map(({ tally: { passed, failed } }) => ({ passed, failed }));
  const all = [...parts, ...runs.flatMap(suitesOf)];
  return {
    passed: all.reduce((sum, each) => sum + each.passed, 0),
    failed: all.reduce((sum, each) => sum + each.failed, 0),
  };
}

function suitesOf(run: TestRun | undefined): Total[] {
  const suites = run?.status?.suites ?? [];
  if (!run || suites.length === 0) return [LOST];
  return suites.map((suite) => {
    const bad = isFailure(suite, run.spec);
    const failed = (suite.counts?.failed ?? 0) + (suite.counts?.interrupted ?? 0);
    return { passed: suite.counts?.passed ?? 0, failed: bad ? Math.max(failed, 1) : failed };
  });
}

/** A stage without a result. */
const LOST: Total = { passed: 0, failed: 1 };

async function read<T>(file: string): Promise<T | undefined> {
  // A result that cannot be read counts as a failed stage.
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
