import { type Observation, withCondition } from '../api/conditions.ts';
import { FIELD_MANAGERS } from '../api/group.ts';
import type { TestEnvironment } from '../api/test-environment.ts';
import { REPORT_CONDITIONS, type TestReport } from '../api/test-report.ts';
import {
  artifactsIn,
  endOf,
  eventLines,
  KEPT_BYTES,
  type Traces,
  tracesConfigMap,
} from '../reports/traces.ts';
import { RUNNER_CONTAINER } from '../runs/job.ts';
import { attemptLabels } from '../runs/naming.ts';
import { ApiError, isAlreadyExists, isNotFound } from '../runtime/api-error.ts';
import { CONFIG_MAPS, type ConfigMap, EVENTS, type Pod } from '../runtime/builtin-resources.ts';
import type { Clock } from '../runtime/clock.ts';
import type { KubeClient } from '../runtime/kube-client.ts';
import { type Intent, objectName } from '../runtime/kube-object.ts';
import type { Log } from '../runtime/log.ts';
import { NotYetFreeError } from './attempts.ts';
import { secretsOf } from './environment-secrets.ts';
import { ownerReference, TEST_REPORTS } from './kinds.ts';

export interface ArchivistDependencies {
  client: KubeClient;
  clock: Clock;
  log: Log;
}

/** What an archive is made from. */
export interface Attempt {
  report: TestReport;
  /** undefined: it is gone, only events are left. */
  pod: Pod | undefined;
  /** Where it ran: the secrets of its connection are masked. */
  environment: TestEnvironment | undefined;
  /** There is time to wait for a kubelet that does not answer. */
  patient: boolean;
}

/** Why a log could not be read, and whether that may pass. */
interface Unread {
  trouble: string;
  mayPass: boolean;
}

/** Lines of a log that are asked for first; a quarter of that when they are more than READ_BYTES, and so on. */
const LINES = 4_096;
/** Bytes read of a log at most: the API server cuts at its end, so that what reaches this is asked for again, shorter. */
const READ_BYTES = 1024 * 1024;
/** Milliseconds for the kubelet's answer. */
const LOG_MS = 10_000;

/** Keeps what an attempt left behind: the end of its pod's log and its events, in a ConfigMap that goes with its report. */
export class Archivist {
  readonly #with: ArchivistDependencies;

  constructor(dependencies: ArchivistDependencies) {
    this.#with = dependencies;
  }

  /**
   * Archives, or adopts what an earlier try of ours archived, and lists it in the report with the condition Archived.
   * A log that cannot be read is said in the condition; with `patient`, one that may be readable later (a kubelet that is
   * busy or away) makes it resolve to false, and nothing is archived yet. Throws ApiError when the archive itself cannot be
   * written, and NotYetFreeError while its name is held by what is left of an earlier run.
   */
  async archive({ report, pod, environment, patient }: Attempt, signal: AbortSignal): Promise<boolean> {
    const { name, namespace = '', uid } = report.metadata;
    const owner = ownerReference(report);
    // The runner masks what it prints, but not what Node prints when it dies.
    const secrets = await secretsOf(this.#with.client, environment, signal);
    const [events, log] = await Promise.all([this.#events(report, pod, signal), this.#log(pod, signal)]);
    if (typeof log !== 'string' && log.mayPass && patient) return false;
    const traces: Traces = {
      log: typeof log === 'string' ? endOf(secrets.mask(log), KEPT_BYTES.log) : undefined,
      events: endOf(secrets.mask(events), KEPT_BYTES.events),
    };
    const { run, suite, attempt } = report.spec;
    const labels = attemptLabels(run, suite, attempt);
    let stored = await this.#store(
      tracesConfigMap({ name, namespace, labels, owner }, traces),
      report,
      signal,
    );
    let trouble: string | undefined;
    const [holder] = stored?.metadata.ownerReferences ?? [];
    if (stored && holder?.uid !== uid) {
      if (holder?.name === name)
        throw new NotYetFreeError(`ConfigMap ${name} is an earlier report's that goes`);
      trouble = `ConfigMap ${name} exists and is not this report's: delete it`;
      stored = undefined;
    } else if (stored?.binaryData === undefined) {
      trouble = secrets.mask(typeof log === 'string' ? 'an earlier try could not read the log' : log.trouble);
    }
    const seen: Observation = {
      type: REPORT_CONDITIONS.archived,
      ...(trouble === undefined
        ? {
            status: 'True',
            reason: 'Archived',
            message: `ConfigMap ${name} has the log's end and the events`,
          }
        : {
            status: 'False',
            reason: stored ? 'LogUnreadable' : 'NameTaken',
            message: trouble.slice(0, 1024),
          }),
      ...(report.metadata.generation === undefined ? {} : { observedGeneration: report.metadata.generation }),
    };
    const conditions = withCondition([], seen, this.#with.clock.now());
    const artifacts = stored ? artifactsIn(stored) : [];
    try {
      await this.#with.client.applyStatus(
        TEST_REPORTS,
        { metadata: { name, namespace, uid }, status: { artifacts, conditions } },
        { fieldManager: FIELD_MANAGERS.archivist, force: true, signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    if (trouble)
      this.#with.log.warn({ report: name, why: trouble }, 'the archive of an attempt is not whole');
    return true;
  }

  /** Creates it, or returns the one that is there: an earlier try got so far. */
  async #store(
    configMap: Intent<ConfigMap>,
    report: TestReport,
    signal: AbortSignal,
  ): Promise<ConfigMap | undefined> {
    try {
      return await this.#with.client.create(CONFIG_MAPS, configMap, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return this.#with.client.get(CONFIG_MAPS, objectName(report), { signal });
    }
  }

  /** Events of all that has the attempt's name (report, Job), and of its pod. */
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

  /** The end of the pod's log, READ_BYTES at most, or why it cannot be had. */
  async #log(pod: Pod | undefined, signal: AbortSignal): Promise<string | Unread> {
    if (!pod) return { trouble: 'the pod is gone', mayPass: false };
    try {
      for (let lines = LINES; ; lines = Math.ceil(lines / 4)) {
        const text = await this.#with.client.podLogs(
          objectName(pod),
          { container: RUNNER_CONTAINER, tailLines: lines, limitBytes: READ_BYTES, timestamps: true },
          { signal, deadlineMs: LOG_MS },
        );
        if (Buffer.byteLength(text) < READ_BYTES || lines === 1) return text;
      }
    } catch (error) {
      signal.throwIfAborted();
      // Without an answer (code 0), or with one of a server in trouble.
      const mayPass = error instanceof ApiError && (error.code === 0 || error.code >= 500);
      return { trouble: error instanceof Error ? error.message : String(error), mayPass };
    }
  }
}
