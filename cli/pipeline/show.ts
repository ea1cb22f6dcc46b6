import { TEST_RUNS } from '@backendai-e2e/api/resources';
import { isFinished, type TestRun } from '@backendai-e2e/api/test-run';
import { pathOf } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { endingOfError } from '../runs/ending.ts';
import { followRun, isReady, type RunNames, type Snapshot } from '../runs/follow.ts';
import { narrate, stateLines, waitingLines } from '../runs/progress.ts';
import type { PhaseProgress } from '../terminal/renderer.ts';
import type { PhaseClock } from './phases.ts';

const HEARTBEAT_MS = 30_000;

/** What following a run in a job needs. */
export interface Showing {
  clock: PhaseClock;
  progress: PhaseProgress;
  /** Receives the latest snapshot while the run is followed. */
  state: { seen: Snapshot };
  signal: AbortSignal;
  /** Milliseconds for the whole wait. */
  deadlineMs: number;
  /** Milliseconds without an answer of the API server after which following gives up. Default 60 000. */
  patienceMs?: number;
  /** Told of every change, after people. */
  onChange?: (seen: Snapshot) => void;
}

/** Follows a run to its end and reports its progress. Throws what followRun throws. */
export async function showRun(client: RestApi, names: RunNames, showing: Showing): Promise<TestRun> {
  const { clock, progress, state } = showing;
  const from = clock.elapsed();
  let readyAfter: number | undefined;
  let lastSaid = clock.elapsed();
  const places = [names.environment, ...(names.moreEnvironments ?? [])];
  const where = `${places.length > 1 ? 'environments' : 'environment'} ${places.join(', ')}`;
  progress.log(`TestRun ${names.namespace}/${names.run} in ${where}`);
  const heartbeat = setInterval(() => {
    if (clock.elapsed() - lastSaid < HEARTBEAT_MS / 1000) return;
    for (const line of waitingLines(state.seen)) progress.log(line);
  }, HEARTBEAT_MS);
  try {
    const last = await followRun(client, names, {
      signal: showing.signal,
      deadlineMs: showing.deadlineMs,
      ...(showing.patienceMs === undefined ? {} : { patienceMs: showing.patienceMs }),
      onChange: (seen) => {
        for (const line of narrate(state.seen, seen)) {
          progress.log(line);
          lastSaid = clock.elapsed();
        }
        state.seen = seen;
        if (isReady(seen.environment)) readyAfter ??= clock.elapsed() - from;
        progress.state(stateLines(seen));
        showing.onChange?.(seen);
      },
    });
    return last.run;
  } finally {
    clearInterval(heartbeat);
    // The time until the environment was ready belongs to it, not to the suites.
    clock.add('environment', readyAfter ?? clock.elapsed() - from, 'suites');
  }
}

/** Cancels a run and waits until the operator has ended its Jobs. Leaves a finished run alone. */
export async function cancelRun(
  client: RestApi,
  names: RunNames,
  options: { progress: PhaseProgress; signal: AbortSignal; deadlineMs: number },
): Promise<void> {
  const { progress, signal, deadlineMs } = options;
  const path = pathOf(TEST_RUNS, { namespace: names.namespace, name: names.run });
  const run = await client.mergePatch<TestRun>(path, { spec: { cancel: true } }, signal);
  if (isFinished(run)) return;
  progress.log(`cancelled TestRun ${names.run}`);
  try {
    await followRun(client, names, { signal, deadlineMs, onChange: () => {} });
  } catch (error) {
    signal.throwIfAborted();
    progress.log(`the run has not ended yet: ${endingOfError(error).sentence}`);
  }
}
