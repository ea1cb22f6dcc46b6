import { type ArtifactOwner, HISTORY_REPORT, historyOwner } from '@backendai-e2e/api/artifact-key';
import { HISTORY_LIMITS } from '@backendai-e2e/api/limits';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReport } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Result } from '@backendai-e2e/controller/controller';
import type { Informer } from '@backendai-e2e/controller/informer';
import type { Log } from '@backendai-e2e/controller/log';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import type { ObjectName } from '@backendai-e2e/kube/object';
import { reportsOf } from '../attempts/attempt-name.ts';
import { recordsIn, runsBeyondLimits } from './history-limits.ts';
import { type ArtifactClient, ArtifactServerError } from './server-client.ts';

/** What the sweep compares: the stored artifacts, and the reports and runs that own them. */
export interface ArtifactSweepDependencies {
  client: Pick<KubeClient, 'get'>;
  artifacts: Pick<ArtifactClient, 'list' | 'remove'>;
  reports: Pick<Informer<TestReport>, 'get'>;
  runs: Pick<Informer<TestRun>, 'list'>;
  clock: Pick<Clock, 'now'>;
  log: Log;
}

/** Milliseconds between sweeps. They also remove artifacts of reports that were deleted while no operator led. */
const SWEEP_MS = 10 * 60_000;
/** Milliseconds until the next sweep while reports of a deleted run are still being collected. */
const GOING_MS = 5_000;
/** Milliseconds until the next try when the artifact server does not answer. */
const AGAIN_MS = 60_000;

/**
 * Removes the artifacts of deleted reports. Runs and their reports are deleted when their time to live ends, by a history limit,
 * or by hand. There is no finalizer: an unreachable artifact server must not block the deletion of a run.
 */
export class ArtifactSweep {
  readonly #with: ArtifactSweepDependencies;

  constructor(dependencies: ArtifactSweepDependencies) {
    this.#with = dependencies;
  }

  readonly reconcile = async ({ namespace = '' }: ObjectName, signal: AbortSignal): Promise<Result> => {
    const { artifacts, log } = this.#with;
    try {
      const listed = await artifacts.list({ namespace }, signal);
      for (const uid of runsBeyondLimits(recordsIn(listed), HISTORY_LIMITS, this.#with.clock.now())) {
        await artifacts.remove(historyOwner(namespace, uid), signal);
        log.info({ uid }, 'removed the record of an old run from the history');
      }
      const owners = ownersOf(
        listed.map(({ place }) => place).filter(({ report }) => report !== HISTORY_REPORT),
      );
      const ofRuns = this.#reportsOfRuns(namespace);
      const uidsOf = new Map<string, number>();
      for (const { report } of owners) uidsOf.set(report, (uidsOf.get(report) ?? 0) + 1);
      const runUids = new Set(this.#with.runs.list(namespace).map(({ metadata: { uid = '' } }) => uid));
      let going = false;
      for (const owner of owners) {
        // If several reports had the name, one after the other, the run does not show which.
        const isOfRun = ofRuns.has(owner.report) && uidsOf.get(owner.report) === 1;
        const found = this.#atHand(owner) ?? (isOfRun ? undefined : await this.#read(owner, signal));
        if (found && isGoing(found, runUids)) going = true;
        if (found || isOfRun) continue;
        await artifacts.remove(owner, signal);
        log.info({ report: owner.report, uid: owner.uid }, 'removed its artifacts: the report is gone');
      }
      return { requeueAfterMs: going ? GOING_MS : SWEEP_MS };
    } catch (error) {
      if (!(error instanceof ArtifactServerError)) throw error;
      log.warn({ why: error.message }, 'cannot remove artifacts of deleted reports; retrying');
      return { requeueAfterMs: AGAIN_MS };
    }
  };

  #atHand({ namespace, report: name, uid }: ArtifactOwner): TestReport | undefined {
    const cached = this.#with.reports.get({ namespace, name });
    return cached?.metadata.uid === uid ? cached : undefined;
  }

  /** Names of the reports of all runs: settled reports of finished runs are not cached. */
  #reportsOfRuns(namespace: string): ReadonlySet<string> {
    return new Set(this.#with.runs.list(namespace).flatMap((run) => reportsOf(run).map(({ name }) => name)));
  }

  /** Asks the API server: the cache may lack a report that the previous operator has just archived. */
  async #read(owner: ArtifactOwner, signal: AbortSignal): Promise<TestReport | undefined> {
    const { namespace, report: name, uid } = owner;
    const stored = await this.#with.client.get(TEST_REPORTS, { namespace, name }, { signal });
    return stored?.metadata.uid === uid ? stored : undefined;
  }
}

/**
 * Whether the garbage collector is about to delete the report: its run is gone. A report without an owner stays. A deletion
 * of its run with the policy Orphan removes the owner.
 */
function isGoing({ metadata: { ownerReferences = [] } }: TestReport, runUids: ReadonlySet<string>): boolean {
  return ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => runUids.has(uid));
}

/** Each report once. */
function ownersOf(places: readonly ArtifactOwner[]): ArtifactOwner[] {
  const byUid = new Map(places.map(({ namespace, report, uid }) => [uid, { namespace, report, uid }]));
  return [...byUid.values()];
}
