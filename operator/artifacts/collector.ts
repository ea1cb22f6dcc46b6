import { type Observation, withCondition } from '@backendai-e2e/api/conditions';
import type { Fault } from '@backendai-e2e/api/fault';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { REPORT_CONDITIONS, type TestReport } from '@backendai-e2e/api/test-report';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import type { Informer } from '@backendai-e2e/controller/informer';
import type { Log } from '@backendai-e2e/controller/log';
import { applyStatusPart } from '@backendai-e2e/controller/status-writer';
import { ApiError } from '@backendai-e2e/kube/api-error';
import { EVENTS, type Event, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { objectName } from '@backendai-e2e/kube/object';
import type { Secrets } from '@backendai-e2e/redaction/redaction';
import { columnLine } from '@backendai-e2e/results/plain-text';
import { RUNNER_CONTAINER } from '../attempts/attempt-job.ts';
import { secretsOf } from '../environments/environment-secrets.ts';
import { namespaceOf } from '../environments/namespace.ts';
import type { ArtifactStore, StoredArtifacts } from './artifact-store.ts';
import { type ComponentLogs, componentLogs, noLogs } from './component-logs.ts';
import { componentOfTrace } from './component-text.ts';
import { firstCauseOf, hasCause } from './first-cause.ts';
import { readLogEnd } from './log-tail.ts';
import { noteFirstCause } from './run-cause.ts';
import { EVENTS_TEXT, endOf, eventLines, SUITE_LOG, type TextEnd, type Trace } from './traces.ts';

/** What the collector reads, and where it stores what it found. */
export interface ArtifactCollectorDependencies {
  client: KubeClient;
  clock: Clock;
  log: Log;
  events: EventLog;
  faults: Pick<Informer<Fault>, 'list'>;
  /** Where artifacts are stored. */
  store: ArtifactStore;
}

/** The inputs of an archive. */
export interface Attempt {
  /** As the API server has it, with its tests. */
  report: TestReport;
  /** undefined: the pod is gone, only its events are left. */
  pod: Pod | undefined;
  /** Where the attempt ran. Secrets of its connection are masked; its components' logs are archived after a failure. */
  environment: TestEnvironment | undefined;
  /** There is time to retry when a kubelet or a store does not answer. */
  patient: boolean;
}

/** Why a log could not be read, and whether a retry may help. */
interface Unread {
  trouble: string;
  mayPass: boolean;
}

/** Archives the artifacts of an attempt: the end of its log, its events and, after a failure, its components' logs. */
export class ArtifactCollector {
  readonly #with: ArtifactCollectorDependencies;

  constructor(dependencies: ArtifactCollectorDependencies) {
    this.#with = dependencies;
  }

  /**
   * Archives the artifacts, or adopts those of an earlier try, and lists them in the report. The condition Archived says what
   * is missing, and why. With `patient`, it resolves to false when a kubelet or a store is unavailable: call it again.
   * Throws ApiError, and NotYetFreeError while the remains of an earlier run have the name.
   */
  async archive({ report, pod, environment, patient }: Attempt, signal: AbortSignal): Promise<boolean> {
    const { client, store } = this.#with;
    const { budget } = store;
    const before = await store.before(report, signal);
    // The runner masks its own output, but not what Node prints when it crashes.
    const secrets = await secretsOf(client, environment, signal);
    const keptLog = before.some(({ name }) => name === SUITE_LOG);
    const [events, log] = await Promise.all([
      this.#events(report, pod, signal),
      keptLog ? undefined : this.#log(pod, budget.log, signal),
    ]);
    if (log && 'trouble' in log && log.mayPass && patient) return false;
    const components = await this.#components(report, environment, secrets, signal);
    const traces: Trace[] = [
      ...(log && 'text' in log ? [trace(SUITE_LOG, log, budget.log, secrets)] : []),
      trace(EVENTS_TEXT, { text: events, omittedBytes: 0 }, budget.events, secrets),
      ...components.traces,
    ];
    const stored = await store.put(report, traces, before, signal);
    if (stored.trouble?.mayPass && patient) return false;
    const unread = log && 'trouble' in log ? secrets.mask(log.trouble) : undefined;
    const seen = observation(report, stored, unread, components.troubles);
    const firstCause = await this.#firstCause(report, environment, components, secrets, signal);
    await this.#tell(report, { ...stored, ...(firstCause ? { firstCause } : {}) }, seen, signal);
    return true;
  }

  /** The logs of components while an attempt failed, of deployments of this operator; none for other attempts. */
  async #components(
    report: TestReport,
    environment: TestEnvironment | undefined,
    secrets: Secrets,
    signal: AbortSignal,
  ): Promise<ComponentLogs> {
    const { startedAt, finishedAt, verdict = 'Failed' } = report.status ?? {};
    // The operator has no right to read in other deployments.
    const archives = VERDICT_POLICY[verdict].archivesComponentLogs;
    if (!environment?.spec.chart || !archives || startedAt === undefined) return noLogs();
    const { client, clock, store } = this.#with;
    const span = {
      namespace: namespaceOf(environment),
      since: new Date(startedAt),
      until: finishedAt === undefined ? clock.now() : new Date(finishedAt),
    };
    const found = await componentLogs(client, span, store.budget, signal);
    return {
      ...found,
      traces: found.traces.map((each) => ({ ...each, text: secrets.mask(each.text) })),
    };
  }

  /** What most likely caused the failure of an attempt, from what is collected anyway and the warnings of the deployment. */
  async #firstCause(
    report: TestReport,
    environment: TestEnvironment | undefined,
    { pods, traces, secrets: more }: ComponentLogs,
    secrets: Secrets,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (!hasCause(report)) return undefined;
    const namespace = environment?.spec.chart ? namespaceOf(environment) : undefined;
    const cause = firstCauseOf({
      ...{ report, environment, pods },
      faults: this.#with.faults.list(report.metadata.namespace),
      events: namespace === undefined ? [] : await this.#warnings(namespace, signal),
      logs: traces.map(({ name, text }) => {
        const component = componentOfTrace(name);
        return { source: component, component, namespace: namespace ?? '', text };
      }),
    });
    return cause === undefined ? undefined : columnLine(more.mask(secrets.mask(cause)));
  }

  /** Warnings of a deployment; none if they cannot be read: the archive matters more. */
  async #warnings(namespace: string, signal: AbortSignal): Promise<Event[]> {
    try {
      const query = { namespace, fieldSelector: 'type=Warning' };
      return (await this.#with.client.list(EVENTS, query, { signal })).items;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError) return [];
      throw error;
    }
  }

  /** Writes what it has into the report, under a field manager of its own. The first cause also goes into the run. */
  async #tell(
    report: TestReport,
    { artifacts, firstCause }: Pick<StoredArtifacts, 'artifacts'> & { firstCause?: string },
    seen: Observation,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, log, events } = this.#with;
    const conditions = withCondition([], seen, clock.now());
    const status = { artifacts, conditions, ...(firstCause === undefined ? {} : { firstCause }) };
    const options = { fieldManager: FIELD_MANAGERS.artifactCollector, signal };
    const isThere = await applyStatusPart(client, TEST_REPORTS, report, status, options);
    if (isThere) await noteFirstCause(client, { ...report, status }, signal);
    if (seen.status !== 'False') return;
    log.warn({ report: report.metadata.name, why: seen.message }, 'the archive of an attempt is incomplete');
    const { reason, message } = seen;
    events.record(report, { type: 'Warning', reason, message });
  }

  /** Events of the objects with the attempt's name (report, Job) and of its pod. */
  async #events(report: TestReport, pod: Pod | undefined, signal: AbortSignal): Promise<string> {
    const { namespace = '', name } = report.metadata;
    const names = [name, ...(pod ? [pod.metadata.name] : [])];
    const lists = await Promise.all(
      names.map((each) => {
        const fieldSelector = `involvedObject.name=${each}`;
        return this.#with.client.list(EVENTS, { namespace, fieldSelector }, { signal });
      }),
    );
    return eventLines(lists.flatMap(({ items }) => items));
  }

  /** The end of the pod's log, or why it cannot be read. */
  async #log(pod: Pod | undefined, bytes: number, signal: AbortSignal): Promise<TextEnd | Unread> {
    if (!pod) return { trouble: 'the pod is gone', mayPass: false };
    try {
      return await readLogEnd(
        this.#with.client,
        objectName(pod),
        { container: RUNNER_CONTAINER },
        bytes,
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      // No answer (code 0), or a server error.
      const mayPass = error instanceof ApiError && (error.code === 0 || error.code >= 500);
      return { trouble: error instanceof Error ? error.message : String(error), mayPass };
    }
  }
}

/** Masks before it truncates: half a secret would not be found. */
function trace(name: string, { text, omittedBytes }: TextEnd, bytes: number, secrets: Secrets): Trace {
  const end = endOf(secrets.mask(text), bytes);
  return { name, text: end.text, omittedBytes: end.omittedBytes + omittedBytes };
}

/** The condition Archived: true only when everything was archived. */
function observation(
  report: TestReport,
  { artifacts, where, trouble }: StoredArtifacts,
  unread: string | undefined,
  components: readonly string[],
): Observation {
  const { generation } = report.metadata;
  const at = generation === undefined ? {} : { observedGeneration: generation };
  const type = REPORT_CONDITIONS.archived;
  const hasLog = artifacts.some(({ name }) => name === SUITE_LOG);
  const noLog = hasLog
    ? undefined
    : (unread ?? (trouble ? undefined : 'an earlier attempt to archive could not read it'));
  const sentences = [
    ...(trouble ? [trouble.sentence] : []),
    ...(noLog === undefined ? [] : [`${SUITE_LOG} not kept: ${noLog}`]),
    ...components,
  ];
  if (sentences.length === 0) {
    const message = `${where} has ${artifacts.map(({ name }) => name).join(', ')}`;
    return { type, status: 'True', reason: 'Archived', message: message.slice(0, LENGTHS.message), ...at };
  }
  const reason = trouble?.reason ?? (noLog === undefined ? 'ComponentLogUnreadable' : 'LogUnreadable');
  return { type, status: 'False', reason, message: sentences.join('; ').slice(0, LENGTHS.message), ...at };
}
