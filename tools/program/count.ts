import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Counts } from '@backendai-e2e/api/verdict';
import { isFailure } from '@backendai-e2e/api/verdict-policy';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { PartResult } from './test.ts';

export type Total = Pick<Counts, 'passed' | 'failed'>;

/**
 * `./tools/dev count`: prints one line, "N passed, N failed", over out/test/tally.json and out/e2e/run.json. A stage
 * without a result counts as one failure. Returns 1 if anything failed.
 */
export async function countCommand(): Promise<number> {
  const tests = await read<PartResult[]>(path.join(PROJECT_ROOT, 'out/test/tally.json'));
  const job = await read<{ run: TestRun }>(path.join(PROJECT_ROOT, NAMES.out, 'run.json'));
  const total = totalOf(tests, job?.run);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
}

/** Adds up the project's tests and the run's. A suite that fails without a failed test counts as one failure. */
export function totalOf(tests: readonly PartResult[] | undefined, run: TestRun | undefined): Total {
  const parts = (tests ?? []).map((part) => ({ passed: part.tally.passed, failed: part.tally.failed }));
  const suites = (run?.status?.suites ?? []).map((suite) => {
    const bad = isFailure(suite, run?.spec ?? {});
    const failed = (suite.counts?.failed ?? 0) + (suite.counts?.interrupted ?? 0);
    return { passed: suite.counts?.passed ?? 0, failed: bad ? Math.max(failed, 1) : failed };
  });
  const all = [...parts, ...suites, ...(tests ? [] : [LOST]), ...(suites.length > 0 ? [] : [LOST])];
  return {
    passed: all.reduce((sum, each) => sum + each.passed, 0),
    failed: all.reduce((sum, each) => sum + each.failed, 0),
  };
}

/** A stage without a result. */
const LOST: Total = { passed: 0, failed: 1 };

async function read<T>(file: string): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
