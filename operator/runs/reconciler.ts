import type { Condition } from '@backendai-e2e/api/conditions';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS, TEST_REPORTS, TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentsOf, isFinished, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { Informer } from '@backendai-e2e/controller/informer';
import { KeyedMutex } from '@backendai-e2e/controller/keyed-mutex';
import { StatusWriter } from '@backendai-e2e/controller/status-writer';
import { isBadRequest, isConflict } from '@backendai-e2e/kube/api-error';
import type { ObjectList } from '@backendai-e2e/kube/client';
import { keyOf, nameOf, type ObjectName } from '@backendai-e2e/kube/object';
import { ChosenElsewhereError, NotYetFreeError } from '../attempts/start-attempt.ts';
import type { OperatorMetrics } from '../observability/metrics.ts';
import { conditionNotices, suiteNotices } from '../observability/notices.ts';
import {
  AttemptStarter,
  type AttemptStarterDependencies,
  closeReport,
  STARTS_IN_A_TURN,
} from './attempt-starter.ts';
import { planRun } from './plan.ts';
import type { RunWorld } from './plan-builder.ts';
import { removeRun } from './remove-run.ts';

/** What the reconciler of TestRuns reads and acts with. */
export interface TestRunDependencies extends AttemptStarterDependencies {
  runs: Informer<TestRun>;
  environments: Informer<TestEnvironment>;
  suites: Informer<TestSuite>;
  reports: Informer<TestReport>;
  events: EventLog;
  operatorMetrics: OperatorMetrics;
  /** Resolves when the TestSuites of the catalog are stored: a run must not find them missing. */
  catalogStored: (signal: AbortSignal) => Promise<void>;
  /** Started runs that a user may have at once; undefined: any number. */
  runsPerUser?: number | undefined;
}

/** Field selector of runs without a verdict. The number of finished runs only grows. */
const UNFINISHED = 'status.finishedAt=';
/** Milliseconds after which a passing state is checked again. */
const SOON_MS = 250;

/** Carries out what planRun decides about one TestRun. */
export class TestRunReconciler {
  readonly #with: TestRunDependencies;
  readonly #status: StatusWriter<TestRun>;
  readonly #starts = new KeyedMutex();
  readonly #starter: AttemptStarter;
  /** Runs that this process has started and that have not finished: the UID by namespace and name. */
  readonly #started = new Map<string, string>();
  /** Attempts that this process began and that no status names yet: by namespace and name of their run. */
  readonly #begun = new Map<string, { run: string | undefined; attempts: readonly string[] }>();
  /** False: the stored CRD is older than the selectable field. */
  #selectable = true;

  constructor(dependencies: TestRunDependencies) {
    this.#with = dependencies;
    this.#status = new StatusWriter({
      client: dependencies.client,
      resource: TEST_RUNS,
      fieldManager: FIELD_MANAGERS.operator,
    });
    this.#starter = new AttemptStarter(dependencies);
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    const cached = this.#with.runs.get(name);
    if (!cached || isFinished(cached)) {
      this.#started.delete(keyOf(name));
      this.#begun.delete(keyOf(name));
    }
    if (!cached) return undefined;
    const run = this.#status.latest(cached);
    if (run.metadata.deletionTimestamp) return undefined;
    try {
      if (run.status?.startedAt || isFinished(run)) {
        const seen = isFinished(run) ? this.#cached(run) : await this.#certain(run, signal);
        return await this.#carryOut(run, { ...seen, others: [] }, signal);
      }
      if (this.#keepsWaiting(run)) {
        const others = this.#with.runs.list(name.namespace);
        return await this.#carryOut(run, { ...this.#cached(run), others }, signal);
      }
      return await this.#takeUp(run, signal);
    } catch (error) {
      // Another write came first: decide again.
      const passes = error instanceof NotYetFreeError || error instanceof ChosenElsewhereError;
      if (isConflict(error) || passes) return { requeueAfterMs: SOON_MS };
      throw error;
    }
  };

  /** Suites and environments of a run, from the caches. */
  #cached(run: TestRun): Pick<RunWorld, 'environment' | 'moreEnvironments' | 'suites'> {
    const { namespace = '' } = run.metadata;
    const places = environmentsOf(run).map((name) => this.#with.environments.get({ namespace, name }));
    return { ...inWorld(places), suites: this.#with.suites.list(namespace) };
  }

  /**
   * The same, but the API server is asked for an environment that the cache lacks. A late cache would end a run as if its
   * environment did not exist.
   */
  async #certain(
    run: TestRun,
    signal: AbortSignal,
  ): Promise<Pick<RunWorld, 'environment' | 'moreEnvironments' | 'suites'>> {
    const { client, environments } = this.#with;
    const { namespace = '' } = run.metadata;
    const places = environmentsOf(run).map((name) => {
      const at = { namespace, name };
      return environments.get(at) ?? client.get(TEST_ENVIRONMENTS, at, { signal });
    });
    return { ...this.#cached(run), ...inWorld(await Promise.all(places)) };
  }

  /**
   * Whether a run that waits goes on waiting. A late cache only delays it: the end of a run that is ahead arrives in the same
   * cache. Otherwise, each run of a long queue would read all the others again at each end.
   */
  #keepsWaiting(run: TestRun): boolean {
    if (run.status?.phase !== 'Queued' || run.spec.rerunFailedOf !== undefined) return false;
    const others = this.#with.runs.list(run.metadata.namespace);
    const { clock, runsPerUser } = this.#with;
    const seen = { ...this.#cached(run), others, runsPerUser };
    const plan = planRun({ now: clock.now(), run, reports: [], ...seen });
    return plan.status.phase === 'Queued';
  }

  /**
   * Decides for a run that has not started. It asks the API server, and serves one run of an environment at a time. With a stale
   * cache, two runs could start at once, or one in an environment that has changed.
   */
  async #takeUp(cached: TestRun, signal: AbortSignal): Promise<Result | undefined> {
    const { client, catalogStored } = this.#with;
    const namespace = cached.metadata.namespace ?? '';
    const names = environmentsOf(cached);
    const keys = names.map((name) => `${namespace}/${name}`);
    return this.#starts.takeAll(keys, async () => {
      await catalogStored(signal);
      const again = cached.spec.rerunFailedOf;
      const [runs, earlier, suites, places] = await Promise.all([
        this.#unfinished(namespace, signal),
        again === undefined ? undefined : client.get(TEST_RUNS, { namespace, name: again }, { signal }),
        client.list(TEST_SUITES, { namespace }, { signal }),
        Promise.all(names.map((name) => client.get(TEST_ENVIRONMENTS, { namespace, name }, { signal }))),
      ]);
      const run = runs.items.find((candidate) => candidate.metadata.uid === cached.metadata.uid);
      if (!run) return undefined;
      const others = [...runs.items, ...(earlier ? [earlier] : [])].filter((candidate) => candidate !== run);
      return await this.#carryOut(run, { ...inWorld(places), suites: suites.items, others }, signal);
    });
  }

  #begunOf({ metadata }: TestRun): readonly string[] {
    const begun = this.#begun.get(keyOf(metadata));
    return begun?.run === metadata.uid ? (begun?.attempts ?? []) : [];
  }

  #setBegun({ metadata }: TestRun, attempts: readonly string[]): void {
    if (attempts.length === 0) this.#begun.delete(keyOf(metadata));
    else this.#begun.set(keyOf(metadata), { run: metadata.uid, attempts: [...new Set(attempts)] });
  }

  /**
   * The others, with all starts of this process. A list from before may not say that a run has started, or may lack it. Both
   * count for the limit of its user. The cache says whether one that the list lacks still goes on. A run with an attempt has
   * started as well, even if the operator died before it wrote so.
   */
  #withStarts(run: TestRun, others: readonly TestRun[]): TestRun[] {
    const attempts = this.#with.reports.list(run.metadata.namespace);
    const owners = new Set(
      attempts.flatMap(({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid)),
    );
    const hasStarted = ({ metadata }: TestRun) =>
      this.#started.get(keyOf(metadata)) === metadata.uid || owners.has(metadata.uid ?? '');
    const asStarted = (other: TestRun): TestRun =>
      other.status?.startedAt || !hasStarted(other)
        ? other
        : { ...other, status: { ...other.status, startedAt: this.#with.clock.now().toISOString() } };
    const listed = new Set([run, ...others].map(({ metadata }) => metadata.uid));
    const missed = [...this.#started].flatMap(([key, uid]) => {
      const known = listed.has(uid) ? undefined : this.#with.runs.get(nameOf(key));
      const isOf = known?.metadata.uid === uid && known.metadata.namespace === run.metadata.namespace;
      return known && isOf ? [known] : [];
    });
    return [...others, ...missed].map(asStarted);
  }

  /** The runs without a verdict; all runs if the stored CRD cannot select them. */
  async #unfinished(namespace: string, signal: AbortSignal): Promise<ObjectList<TestRun>> {
    const { client } = this.#with;
    if (this.#selectable) {
      try {
        return await client.list(TEST_RUNS, { namespace, fieldSelector: UNFINISHED }, { signal });
      } catch (error) {
        if (!isBadRequest(error)) throw error;
        this.#selectable = false;
      }
    }
    return client.list(TEST_RUNS, { namespace }, { signal });
  }

  async #carryOut(
    run: TestRun,
    seen: Pick<RunWorld, 'environment' | 'moreEnvironments' | 'suites' | 'others'>,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { client, events, operatorMetrics, clock } = this.#with;
    const reports = isFinished(run) ? [] : await this.#reportsOf(run, signal);
    const { runsPerUser } = this.#with;
    // Nothing is awaited from here to the note of a start. Another run of the user may be decided meanwhile.
    const others = run.status?.startedAt || isFinished(run) ? [] : this.#withStarts(run, seen.others);
    const plan = planRun({ now: clock.now(), run, reports, ...seen, others, runsPerUser });
    const key = keyOf(run.metadata);
    if (!plan.status.startedAt) this.#started.delete(key);
    else if (!run.status?.startedAt) this.#started.set(key, run.metadata.uid ?? '');
    const starts = plan.start.slice(0, STARTS_IN_A_TURN);
    this.#setBegun(run, [...this.#begunOf(run), ...starts.map(({ name }) => name)]);

    await Promise.all(plan.stop.map((stop) => closeReport(client, { ...stop, now: clock.now() }, signal)));
    const { status, failure, isMore } = await this.#starter.start(run, seen, plan, signal);
    if (!isFinished(run)) {
      const after = await this.#status.write(run, status, signal);
      const written = new Set(runningReports(status));
      const unwritten = after ? this.#begunOf(run).filter((name) => !written.has(name)) : [];
      this.#setBegun(run, unwritten);
      if (!after) return undefined;
      operatorMetrics.run(run, status);
      const object = { ...after, apiVersion: run.apiVersion, kind: run.kind };
      const bad = [RUN_CONDITIONS.succeeded, RUN_CONDITIONS.environmentReady];
      for (const notice of [
        ...suiteNotices(run.status?.suites, status.suites),
        ...conditionNotices(run.status?.conditions, status.conditions?.filter(isNews), bad),
      ]) {
        events.record(object, notice);
      }
    }
    // Only now: what did start is recorded.
    if (failure) throw failure;
    if (plan.remove) return removeRun(this.#with, run, signal);
    return { requeueAfterMs: isMore ? 0 : plan.requeueAfterMs };
  }

  /**
   * The run's reports. Its status names some, and this process began some whose status could not be written. Where the cache
   * lacks those, they are read from the API server.
   */
  async #reportsOf(run: TestRun, signal: AbortSignal): Promise<TestReport[]> {
    const { client, reports } = this.#with;
    const namespace = run.metadata.namespace ?? '';
    const isOwn = (report: TestReport) =>
      report.metadata.ownerReferences?.some((owner) => owner.uid === run.metadata.uid) === true;
    const own = reports.list(namespace).filter(isOwn);
    const known = new Set(own.map((report) => report.metadata.name));
    const mayBe = new Set([...runningReports(run.status), ...this.#begunOf(run)]);
    const named = [...mayBe].filter((report) => !known.has(report));
    const asked = await Promise.all(
      named.map((name) => client.get(TEST_REPORTS, { namespace, name }, { signal })),
    );
    const found = asked.filter((report) => report !== undefined).filter(isOwn);
    const missed = new Set(found.map((report) => report.metadata.name));
    this.#setBegun(
      run,
      this.#begunOf(run).filter((name) => missed.has(name)),
    );
    return [...own, ...found];
  }
}

/** The environments of a run, in its order, as inputs of a decision. */
function inWorld(places: readonly (TestEnvironment | undefined)[]) {
  const [environment, ...more] = places;
  return { environment, moreEnvironments: more.filter((each) => each !== undefined) };
}

/** The reports of the attempts that a status says are running. */
function runningReports(status: TestRun['status']): string[] {
  return (status?.suites ?? []).flatMap(({ state, report }) =>
    state === 'Running' && report !== undefined ? [report] : [],
  );
}

/** Finished says nothing that Succeeded does not say at the same time. */
function isNews({ type }: Condition): boolean {
  return type !== RUN_CONDITIONS.finished;
}
