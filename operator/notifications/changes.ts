import { environmentOf, environmentsOf, suiteOf, type TestRun } from '@backendai-e2e/api/test-run';
import { countsForState, type TestSuite } from '@backendai-e2e/api/test-suite';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';

/** Changes of a suite that are worth a notification. */
export type ChangeKind = 'broke' | 'fixed' | 'flaky' | 'still-broken';

/** A suite whose state changed with a run, or that stayed broken for another day. */
export interface Change {
  suite: string;
  /** The environment; absent in a run with one environment. */
  environment?: string;
  change: ChangeKind;
  verdict: Verdict;
  /** The previous verdict in the same environment; absent for the first one. */
  before?: Verdict;
  /** broke and still-broken: when it first failed. fixed: when it first worked again. RFC 3339. */
  since: string;
  reason?: string;
  message?: string;
}

const DAY_MS = 86_400_000;

/**
 * What a finished run changed, from the histories in the TestSuites. It is 'unknown' until the histories of all its suites contain
 * this run. A suite is compared with its previous verdict in the same environment. Skipped suites, cancelled runs and runs of
 * some tests change nothing. Pure: the same history always gives the same answer.
 */
export function changesOf(run: TestRun, suites: readonly TestSuite[]): Change[] | 'unknown' {
  const changes: Change[] = [];
  for (const line of run.status?.suites ?? []) {
    if (!line.verdict || VERDICT_POLICY[line.verdict].state === 'Unknown') continue;
    const suite = suites.find((candidate) => candidate.metadata.name === suiteOf(line));
    // A deleted TestSuite has no history to compare with.
    if (!suite) continue;
    const environment = environmentOf(run, line);
    const history = suite.status?.lastVerdicts ?? [];
    const own = history.findIndex(
      (entry) =>
        entry.run === run.metadata.name &&
        entry.at === run.status?.finishedAt &&
        (entry.environment ?? environment) === environment,
    );
    const entry = history[own];
    if (!entry) {
      // Twenty newer runs have replaced it: what it changed is no longer news.
      if (history.length > 0 && history.every(({ at }) => at > (run.status?.finishedAt ?? ''))) continue;
      return 'unknown';
    }
    if (!countsForState(entry)) continue;
    const before = history
      .slice(own + 1)
      .find((older) => older.environment === environment && countsForState(older));
    const change = changeBetween(before, entry);
    if (!change) continue;
    changes.push({
      suite: suiteOf(line),
      ...(environmentsOf(run).length > 1 ? { environment } : {}),
      change,
      verdict: entry.verdict,
      ...(before ? { before: before.verdict } : {}),
      since: entry.since ?? entry.at,
      ...(line.reason ? { reason: line.reason } : {}),
      ...(line.message ? { message: line.message } : {}),
    });
  }
  return changes;
}

interface Entry {
  verdict: Verdict;
  at: string;
  since?: string;
}

function changeBetween(before: Entry | undefined, now: Entry): ChangeKind | undefined {
  if (!works(now)) {
    if (!before || works(before)) return 'broke';
    const since = Date.parse(now.since ?? now.at);
    const days = (at: string) => Math.floor((Date.parse(at) - since) / DAY_MS);
    return days(now.at) > days(before.at) ? 'still-broken' : undefined;
  }
  if (now.verdict === 'Flaky') return before?.verdict === 'Flaky' ? undefined : 'flaky';
  return before && !works(before) ? 'fixed' : undefined;
}

function works({ verdict }: Entry): boolean {
  return VERDICT_POLICY[verdict].state === 'Works';
}
