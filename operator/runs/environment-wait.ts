import { RUN_DEFAULTS } from '@backendai-e2e/api/defaults';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { RUN_CONDITIONS, RUN_REASONS, type RunEnvironment, type TestRun } from '@backendai-e2e/api/test-run';
import type { AttemptEnding } from '../reports/close.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Readiness } from './readiness.ts';

/** The outcome of waiting for the environment. Nothing set: no reason to wait, or no deadline of its own. */
export interface EnvironmentWait {
  /** The whole run ends because of it. */
  over?: AttemptEnding;
  /** Its time to become healthy is over: suites that need it fail. */
  unready?: boolean;
  /** When that will be, milliseconds since the epoch. */
  dueMs?: number;
}

/** Seconds that a run waits for a missing environment: `kubectl apply` of both may create the run first. */
const MISSING_SECONDS = 10;

/** From worst to best. */
const ORDER = ['Missing', 'Failed', 'Unhealthy', 'Deploying', 'Ready'] as const;
const BAD: readonly RunEnvironment['state'][] = ['Missing', 'Failed', 'GivenUp', 'Unhealthy'];

const REASONS = {
  Missing: RUN_REASONS.environmentNotFound,
  Failed: RUN_REASONS.environmentFailed,
  Unhealthy: RUN_REASONS.environmentNotReady,
} as const;

/**
 * Records the environment's state for the due suites in the condition EnvironmentReady, and decides whether the wait is
 * over. The clock of an unhealthy environment starts when that condition turned False. One that is still
 * coming up has the deadline of its own spec, kept by its controller.
 */
function waitForEnvironment(
  run: TestRun,
  seen: readonly Readiness[],
  builder: PlanBuilder,
  now: Date,
): EnvironmentWait {
  const type = RUN_CONDITIONS.environmentReady;
  const worst = (['Missing', 'Failed', 'Unhealthy', 'Deploying'] as const)
    .map((state) => seen.find((readiness) => readiness.state === state))
    .find((readiness) => readiness !== undefined);
  if (!worst) {
    const [first] = seen;
    if (first) builder.observe(type, 'True', 'Ready', first.message.slice(0, LENGTHS.longMessage));
    return {};
  }
  const message = worst.message.slice(0, LENGTHS.longMessage);
  if (worst.state === 'Deploying' || worst.state === 'Ready') {
    builder.observe(type, 'Unknown', 'Deploying', message);
    return {};
  }
  const reason = REASONS[worst.state];
  const since = builder.observe(type, 'False', reason, message);
  if (worst.state === 'Failed') return { over: { reason, message } };
  const seconds =
    worst.state === 'Missing'
      ? MISSING_SECONDS
      : (run.spec.environmentTimeoutSeconds ?? RUN_DEFAULTS.environmentTimeoutSeconds);
  const dueMs = Date.parse(since) + seconds * 1000;
  if (now.getTime() < dueMs) return { dueMs };
  return worst.state === 'Missing' ? { over: { reason, message } } : { unready: true };
}

/** One environment of a run. */
export interface EnvironmentSlot {
  environment: string;
  /** Its readiness for each due suite that may run in it. */
  seen: readonly Readiness[];
  /** A disruptive suite runs in it: its state meanwhile does not count. */
  broken: boolean;
}

/** The outcome of waiting for the environments. */
export interface SlotsWait {
  /** The whole run ends because of one of them. */
  over?: AttemptEnding | undefined;
  /** Environments whose time to become healthy is over. */
  unready: ReadonlySet<string>;
  /** When that will be for the next one, milliseconds since the epoch. */
  dueMs?: number | undefined;
}

/**
 * The same for all environments of a run. Of several, each has its own clock in the environments of the builder. The condition
 * EnvironmentReady sums them up, and names those that are not ready.
 */
export function waitForEnvironments(
  run: TestRun,
  slots: readonly EnvironmentSlot[],
  builder: PlanBuilder,
  now: Date,
): SlotsWait {
  const [only, second] = slots;
  if (only && !second) {
    const { over, unready, dueMs } = only.broken ? {} : waitForEnvironment(run, only.seen, builder, now);
    return { over, unready: new Set(unready ? [only.environment] : []), dueMs };
  }
  const limit = run.spec.environmentTimeoutSeconds ?? RUN_DEFAULTS.environmentTimeoutSeconds;
  builder.environments = slots.flatMap((slot) => {
    const before = builder.environments.find(({ name }) => name === slot.environment);
    return standing(slot, before, limit, now) ?? [];
  });
  sumUp(builder);
  const due = builder.environments.flatMap(({ state, since }) => {
    const seconds = state === 'Missing' ? MISSING_SECONDS : state === 'Unhealthy' ? limit : undefined;
    return seconds === undefined ? [] : [Date.parse(since) + seconds * 1000];
  });
  const lost = builder.environments.find(
    ({ state, since }) =>
      state === 'Failed' ||
      (state === 'Missing' && now.getTime() >= Date.parse(since) + MISSING_SECONDS * 1000),
  );
  return {
    over: lost && {
      reason: lost.state === 'Failed' ? REASONS.Failed : REASONS.Missing,
      message: inWords([lost]),
    },
    unready: new Set(builder.environments.filter(({ state }) => state === 'GivenUp').map(({ name }) => name)),
    dueMs: due.length > 0 ? Math.min(...due) : undefined,
  };
}

/** The state of one of several environments; unchanged where no suite is due in it. */
function standing(
  slot: EnvironmentSlot,
  before: RunEnvironment | undefined,
  limitSeconds: number,
  now: Date,
): RunEnvironment | undefined {
  if (before?.state === 'GivenUp') return before;
  // An environment that a suite broke gets its full time again once that suite has ended.
  if (slot.broken) return before?.state === 'Unhealthy' ? undefined : before;
  const worst = ORDER.map((state) => slot.seen.find((readiness) => readiness.state === state)).find(
    (readiness) => readiness !== undefined,
  );
  if (!worst) return before;
  const { state } = worst;
  const since = before?.state === state ? before.since : now.toISOString();
  const name = slot.environment;
  if (state === 'Unhealthy' && now.getTime() >= Date.parse(since) + limitSeconds * 1000) {
    const message = `not healthy within ${limitSeconds} s: ${worst.message}`.slice(0, LENGTHS.shortMessage);
    return { name, state: 'GivenUp', since: now.toISOString(), message };
  }
  return {
    name,
    state,
    since,
    ...(state === 'Ready' ? {} : { message: worst.message.slice(0, LENGTHS.shortMessage) }),
  };
}

function sumUp(builder: PlanBuilder): void {
  const type = RUN_CONDITIONS.environmentReady;
  const bad = builder.environments.filter(({ state }) => state !== 'Ready' && state !== 'Deploying');
  const [worst] = bad.toSorted((one, other) => BAD.indexOf(one.state) - BAD.indexOf(other.state));
  const coming = builder.environments.filter(({ state }) => state === 'Deploying');
  if (worst) {
    const reason = worst.state === 'Missing' || worst.state === 'Failed' ? worst.state : 'Unhealthy';
    builder.observe(type, 'False', REASONS[reason], inWords(bad));
  } else if (coming.length > 0) {
    builder.observe(type, 'Unknown', 'Deploying', inWords(coming));
  } else if (builder.environments.length > 0) {
    const names = builder.environments.map(({ name }) => name).join(', ');
    builder.observe(type, 'True', 'Ready', `ready: ${names}`);
  }
}

/** "e2e-2: manager 0 of 2 ready; e2e-3: …" */
function inWords(environments: readonly RunEnvironment[]): string {
  return environments
    .map(({ name, message }) => `${name}: ${message ?? ''}`)
    .join('; ')
    .slice(0, LENGTHS.longMessage);
}
