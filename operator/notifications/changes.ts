import { environmentOf, environmentsOf, suiteOf, type TestRun } from '@backendai-e2e/api/test-run';
import { countsForState, type TestSuite } from '@backendai-e2e/api/test-suite';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';

/** What is worth telling about a suite. */
export type ChangeKind = 'broke' | 'fixed' | 'flaky' | 'still-broken';

/** A suite whose state changed with a run, or that is broken for a further day. */
export interface Change {
  suite: string;
  /** Where it was seen; absent in a run with one environment. */
  environment?: string;
  change: ChangeKind;
  verdict: Verdict;
  /** The verdict before, in the same environment; absent for the first one. */
  before?: Verdict;
  /** Of broke and still-broken: since when. Of fixed: when it was first seen to work. RFC 3339. */
  since: string;
  reason?: string;
  message?: string;
}

const DAY_MS = 86_400_000;

/**
 * What a finished run changed, from the histories that the TestSuites hold; or 'unknown' while the history of one of its
 * suites does not have this run yet. A suite is compared with the last verdict before in the same environment; skipped
 * suites, cancelled runs and runs of a part of the tests change nothing. Pure: the same history gives the same answer, at
 * any time.
 */
export function changesOf(run: TestRun, suites: readonly TestSuite[]): Change[] | 'unknown' {
  const changes: Change[] = [];
  for (const line of run.status?.suites ?? []) {
    if (!line.verdict || VERDICT_POLICY[line.verdict].state === 'Unknown') continue;
    const suite = suites.find((candidate) => candidate.metadata.name === suiteOf(line));
    // A TestSuite that was deleted since has no history to compare with.
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
      // Twenty newer runs pushed it out: what it changed is long past.
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
