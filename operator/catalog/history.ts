import { conditionOf } from '@backendai-e2e/api/conditions';
import { LIMITS } from '@backendai-e2e/api/limits';
import {
  environmentOf,
  isFinished,
  RUN_ANNOTATIONS,
  RUN_CONDITIONS,
  RUN_REASONS,
  suiteOf,
  type TestRun,
} from '@backendai-e2e/api/test-run';
import { countsForState, type TestSuiteStatus } from '@backendai-e2e/api/test-suite';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';

/**
 * The history of a suite, newest first. It holds the finished runs that exist and the entries in the suite's status, whose runs
 * may have been deleted. Rates are rounded to three decimals, to avoid changes in the last digit only.
 */
export function suiteHistory(
  suite: string,
  before: TestSuiteStatus | undefined,
  runs: readonly TestRun[],
): TestSuiteStatus {
  const known: Entry[] = [...(before?.lastVerdicts ?? [])];
  for (const run of runs) {
    const at = run.status?.finishedAt;
    if (!isFinished(run) || !at) continue;
    // A suite that is last has a line for each environment of the run.
    for (const line of run.status?.suites ?? []) {
      if (suiteOf(line) !== suite || !line.verdict) continue;
      const environment = environmentOf(run, line);
      const index = known.findIndex(
        (entry) =>
          entry.run === run.metadata.name &&
          entry.at === at &&
          (entry.environment ?? environment) === environment,
      );
      const since = known[index]?.since;
      const entry = {
        run: run.metadata.name,
        verdict: line.verdict,
        at,
        environment,
        ...(line.seconds === undefined ? {} : { seconds: line.seconds }),
        ...(since === undefined ? {} : { since }),
        ...(isAside(run) ? { aside: true } : {}),
      };
      if (index < 0) known.push(entry);
      else known[index] = entry;
    }
  }
  const lastVerdicts = withStreaks(known.sort(newestFirst)).slice(0, LIMITS.lastVerdicts);
  if (lastVerdicts.length === 0) return {};
  return { lastVerdicts, ...ratesOf(lastVerdicts.filter(countsForState)) };
}

type Entry = NonNullable<TestSuiteStatus['lastVerdicts']>[number];

function newestFirst(a: Entry, b: Entry): number {
  return (
    b.at.localeCompare(a.at) ||
    a.run.localeCompare(b.run) ||
    (a.environment ?? '').localeCompare(b.environment ?? '')
  );
}

/** Rates of the entries that count for the suite. Without entries, or neighbours, there is no rate. */
function ratesOf(entries: readonly Entry[]): Pick<TestSuiteStatus, 'passRate' | 'flipRate'> {
  const passed = entries.filter((entry) => VERDICT_POLICY[entry.verdict].passes).length;
  const flips = entries.filter(
    (entry, index) => index > 0 && entry.verdict !== entries[index - 1]?.verdict,
  ).length;
  return {
    ...(entries.length > 0 ? { passRate: rounded(passed / entries.length) } : {}),
    ...(entries.length > 1 ? { flipRate: rounded(flips / (entries.length - 1)) } : {}),
  };
}

/** Whether a run does not count for the state of its suites: only some tests ran, or it was cancelled. */
function isAside(run: TestRun): boolean {
  const reason = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded)?.reason;
  return (
    run.spec.grep !== undefined ||
    reason === RUN_REASONS.cancelled ||
    run.metadata.annotations?.[RUN_ANNOTATIONS.notify] === 'false'
  );
}

/** Adds the start of its streak to each verdict, from the previous one that counts. Known starts stay. */
function withStreaks(newest: readonly Entry[]): Entry[] {
  const latest = new Map<string, Entry>();
  return newest
    .toReversed()
    .map((entry) => {
      if (!countsForState(entry)) return entry;
      const before = latest.get(entry.environment ?? '');
      const same =
        before !== undefined && VERDICT_POLICY[before.verdict].state === VERDICT_POLICY[entry.verdict].state;
      const done = { ...entry, since: entry.since ?? (same ? before.since : undefined) ?? entry.at };
      latest.set(entry.environment ?? '', done);
      return done;
    })
    .toReversed();
}

function rounded(share: number): number {
  return Math.round(share * 1000) / 1000;
}
