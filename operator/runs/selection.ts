import { LIMITS } from '@backendai-e2e/api/limits';
import { isFinished, RUN_REASONS, type TestRun, type TestRunSpec } from '@backendai-e2e/api/test-run';
import { runsUnnamed, type TestSuite } from '@backendai-e2e/api/test-suite';
import { suitesToRerun } from '@backendai-e2e/api/verdict-policy';

/** The suites of a run, by name in the order of their start; or why there are none. */
export type Selection =
  | { ok: true; names: string[] }
  | {
      ok: false;
      reason:
        | typeof RUN_REASONS.unknownSuites
        | typeof RUN_REASONS.noSuites
        | typeof RUN_REASONS.tooManySuites
        | typeof RUN_REASONS.nothingToRerun;
      message: string;
    };

/** Maximum number of names in a message; the rest is counted. */
const LISTED = 100;

/**
 * Chooses a run's suites from those that exist in its namespace. The named ones come first, in the given order. Those that
 * carry all labels follow, by name. Named suites run even when they are slow or onDemand. A choice by label, and an empty one, leave
 * out onDemand suites, and slow ones where includeSlow is false.
 */
export function selectSuites(choice: TestRunSpec['suites'], existing: readonly TestSuite[]): Selection {
  const named = choice?.names ?? [];
  const labels = Object.entries(choice?.matchLabels ?? {});
  const present = new Set(existing.map((suite) => suite.metadata.name));
  const unknown = named.filter((name) => !present.has(name));
  if (unknown.length > 0) return unknownSuites(unknown, existing);
  const byLabel =
    named.length > 0 && labels.length === 0
      ? []
      : existing
          .filter((suite) => labels.every(([key, value]) => suite.metadata.labels?.[key] === value))
          .filter((suite) => runsUnnamed(suite.spec, choice?.includeSlow !== false))
          .map((suite) => suite.metadata.name)
          .sort();
  const names = [...new Set([...named, ...byLabel])];
  if (names.length === 0) {
    const asked =
      labels.length > 0 ? ` with ${labels.map(([key, value]) => `${key}=${value}`).join(', ')}` : '';
    return {
      ok: false,
      reason: RUN_REASONS.noSuites,
      message: `no TestSuite${asked} matches; ${whatExists(existing)}`,
    };
  }
  if (names.length > LIMITS.suitesPerRun) {
    return {
      ok: false,
      reason: RUN_REASONS.tooManySuites,
      message: `${names.length} suites were chosen, a run takes ${LIMITS.suitesPerRun}: choose fewer by name or label`,
    };
  }
  return { ok: true, names };
}

/**
 * Chooses the suites that kept a finished run from succeeding, in its order. Refused when the run is not among `runs`, has not
 * ended or had no failure. Also refused when a failed suite no longer exists.
 */
export function selectFailedOf(
  name: string,
  runs: readonly TestRun[],
  existing: readonly TestSuite[],
): Selection {
  const refused = (message: string): Selection => ({
    ok: false,
    reason: RUN_REASONS.nothingToRerun,
    message: `spec.rerunFailedOf: ${message}`,
  });
  const run = runs.find((candidate) => candidate.metadata.name === name);
  if (!run) return refused(`there is no TestRun ${name} in this namespace: name a finished one`);
  if (!isFinished(run)) return refused(`TestRun ${name} has not ended: wait for it, or set its spec.cancel`);
  const lines = run.status?.suites ?? [];
  if (lines.length === 0) return refused(`TestRun ${name} ran no suites: name its suites in spec.suites`);
  const names = suitesToRerun(run);
  if (names.length === 0) return refused(`no suite of TestRun ${name} failed`);
  const present = new Set(existing.map((suite) => suite.metadata.name));
  const unknown = names.filter((failed) => !present.has(failed));
  return unknown.length > 0 ? unknownSuites(unknown, existing) : { ok: true, names };
}

function unknownSuites(unknown: readonly string[], existing: readonly TestSuite[]): Selection {
  const none = unknown.length > 1 ? 'are no TestSuites' : 'is no TestSuite';
  return {
    ok: false,
    reason: RUN_REASONS.unknownSuites,
    message: `there ${none} called ${list(unknown)}; ${whatExists(existing)}`,
  };
}

function whatExists(existing: readonly TestSuite[]): string {
  if (existing.length === 0) return 'there are no TestSuites in this namespace';
  return `there are: ${list(existing.map((suite) => suite.metadata.name).sort())}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).join(', ');
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}
