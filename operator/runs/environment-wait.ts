import { RUN_CONDITIONS, RUN_REASONS, type TestRun } from '../api/test-run.ts';
import type { Ending } from '../reports/close.ts';
import { RUN_DEFAULTS, type RunDraft } from './draft.ts';
import type { Readiness } from './readiness.ts';

/** What waiting for the environment comes to. Nothing set: no reason to wait, or no deadline of its own. */
export interface EnvironmentWait {
  /** The whole run ends because of it. */
  over?: Ending;
  /** Its time to become healthy is over: what needs it fails. */
  unready?: boolean;
  /** When that will be, milliseconds since the epoch. */
  dueMs?: number;
}

/** How long a run waits for an environment that does not exist: `kubectl apply` of both may create the run first. */
const MISSING_SECONDS = 10;
/** Longest message taken over from the environment. */
const LONGEST = 4096;

const REASONS = {
  Missing: RUN_REASONS.environmentNotFound,
  Failed: RUN_REASONS.environmentFailed,
  Unhealthy: RUN_REASONS.environmentNotReady,
} as const;

/**
 * Notes the environment's state for the suites that are due in the draft's condition EnvironmentReady, and says whether
 * the waiting is over. The clock of an unhealthy environment starts when that condition turned False. One that is still
 * coming up has the deadline of its own spec, kept by its controller.
 */
export function waitForEnvironment(
  run: TestRun,
  seen: readonly Readiness[],
  draft: RunDraft,
  now: Date,
): EnvironmentWait {
  const type = RUN_CONDITIONS.environmentReady;
  const worst = (['Missing', 'Failed', 'Unhealthy', 'Deploying'] as const)
    .map((state) => seen.find((readiness) => readiness.state === state))
    .find((readiness) => readiness !== undefined);
  if (!worst) {
    const [first] = seen;
    if (first) draft.observe(type, 'True', 'Ready', first.message.slice(0, LONGEST));
    return {};
  }
  const message = worst.message.slice(0, LONGEST);
  if (worst.state === 'Deploying' || worst.state === 'Ready') {
    draft.observe(type, 'Unknown', 'Deploying', message);
    return {};
  }
  const reason = REASONS[worst.state];
  const since = draft.observe(type, 'False', reason, message);
  if (worst.state === 'Failed') return { over: { reason, message } };
  const seconds =
    worst.state === 'Missing'
      ? MISSING_SECONDS
      : (run.spec.environmentTimeoutSeconds ?? RUN_DEFAULTS.environmentTimeoutSeconds);
  const dueMs = Date.parse(since) + seconds * 1000;
  if (now.getTime() < dueMs) return { dueMs };
  return worst.state === 'Missing' ? { over: { reason, message } } : { unready: true };
}
