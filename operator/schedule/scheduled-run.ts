import { setTimeout as delay } from 'node:timers/promises';
import { API_VERSION } from '@backendai-e2e/api/group';
import { TEST_RUNS } from '@backendai-e2e/api/resources';
import type { Ending } from '@backendai-e2e/api/run-outcome';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { isAlreadyExists, isForbidden } from '@backendai-e2e/kube/api-error';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { runNews, waitState } from './decide.ts';
import type { ScheduledRunSettings } from './settings.ts';

/** Label of a scheduled TestRun: the Job that created it. Stored under the name of earlier releases. */
const SCHEDULED_RUN_LABEL = 'e2e.backend.ai/tick';

/** Seconds after which a watch is renewed, so that one that died silently is noticed. */
const WATCH_SECONDS = 60;
/** Milliseconds without an answer of the API server after which the wait fails. */
const PATIENCE_MS = 600_000;
/**
 * How long the API server may refuse what it allowed before. One that has just started refuses until it has read its roles; a
 * longer refusal is final.
 */
const REFUSED_MS = 60_000;
const PAUSE_MS = 2_000;

/** What a scheduled Job creates and follows its run with. */
export interface ScheduledRunParts {
  client: Pick<KubeClient, 'create' | 'get' | 'watch'>;
  settings: ScheduledRunSettings;
  tell: (line: string) => void;
  signal: AbortSignal;
  /** Seconds beyond the run's own deadlines after which the operator counts as down. Default 120. */
  graceSeconds?: number;
}

/**
 * Creates the TestRun of a scheduled run and waits for its end. Adopts the one that its Job created before its pod was replaced.
 * Needs the rights to create, get and watch TestRuns in one namespace. Throws only the signal's reason.
 */
export async function scheduledRun(parts: ScheduledRunParts): Promise<Ending> {
  const { settings, tell, signal } = parts;
  try {
    const run = await createOrFind(parts);
    tell(`TestRun ${settings.namespace}/${settings.name} in environment ${run.spec.environmentRef.name}`);
    return await waitFor(parts);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { code: COMMAND_EXIT.couldNotRun, sentence: why };
  }
}

async function createOrFind({ client, settings, signal, tell }: ScheduledRunParts): Promise<TestRun> {
  const { name, namespace, uid, spec, labels } = settings;
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid };
  const metadata = {
    name,
    namespace,
    labels: { ...labels, [SCHEDULED_RUN_LABEL]: name },
    // The history limits of the CronJob delete old Jobs, and with them their runs.
    ownerReferences: [owner],
  };
  try {
    return await client.create(TEST_RUNS, { apiVersion: API_VERSION, metadata, spec }, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const found = await client.get(TEST_RUNS, { namespace, name }, { signal });
    if (!found?.metadata.ownerReferences?.some((each) => each.uid === uid)) {
      throw new Error(
        `a TestRun ${namespace}/${name} exists and was not created by this Job: delete it, or rename the schedule`,
        { cause: error },
      );
    }
    tell('the TestRun exists already: the pod of this Job was replaced');
    return found;
  }
}

async function waitFor(parts: ScheduledRunParts): Promise<Ending> {
  const { client, settings, tell, signal } = parts;
  const { namespace, name } = settings;
  let seen: TestRun | undefined;
  let lastGood = Date.now();
  const look = (run: TestRun | undefined) => {
    lastGood = Date.now();
    if (run) for (const line of runNews(seen, run)) tell(line);
    seen = run;
    return waitState(run, new Date(), parts.graceSeconds);
  };
  for (;;) {
    try {
      const state = look(await client.get(TEST_RUNS, { namespace, name }, { signal }));
      if ('ending' in state) return state.ending;
      const limit = AbortSignal.timeout(Math.max(1_000, state.untilMs - Date.now()));
      const query = {
        namespace,
        fieldSelector: `metadata.name=${name}`,
        resourceVersion: seen?.metadata.resourceVersion ?? '0',
        timeoutSeconds: WATCH_SECONDS,
      };
      for await (const { type, object } of client.watch(TEST_RUNS, query, AbortSignal.any([signal, limit]))) {
        if (type === 'BOOKMARK') continue;
        const next = look(type === 'DELETED' ? undefined : object);
        if ('ending' in next) return next.ending;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (isForbidden(error) && (!seen || Date.now() - lastGood > REFUSED_MS)) throw error;
      if (Date.now() - lastGood > PATIENCE_MS) {
        throw new Error(`the API server did not answer for ${PATIENCE_MS / 1000} s; last: ${String(error)}`, {
          cause: error,
        });
      }
      tell(`still waiting: ${error instanceof Error ? error.message : String(error)}`);
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}
