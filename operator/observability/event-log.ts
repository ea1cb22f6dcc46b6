import { LABELS } from '@backendai-e2e/api/group';
import type { EventRecorder, Notice } from '@backendai-e2e/controller/events';
import type { Log } from '@backendai-e2e/controller/log';
import type { KubeObject } from '@backendai-e2e/kube/object';

/** A notice with fields for the log besides those of the object, for example the suite of a run. */
export interface Entry extends Notice {
  fields?: Record<string, string | number | undefined>;
}

/** Tells what happened to an object in both places where people look: an Event on it, and a line of the log with its ids. */
export class Chronicle {
  readonly #recorder: Pick<EventRecorder, 'record'>;
  readonly #log: Log;

  constructor(recorder: Pick<EventRecorder, 'record'>, log: Log) {
    this.#recorder = recorder;
    this.#log = log;
  }

  /** apiVersion and kind must be in the object. Never throws. */
  record(object: KubeObject, { fields, ...notice }: Entry): void {
    this.#recorder.record(object, notice);
    const line = { ...idsOf(object), ...fields, reason: notice.reason };
    if (notice.type === 'Warning') this.#log.warn(line, notice.message);
    else this.#log.info(line, notice.message);
  }
}

/** The object and what it belongs to, by fields that a log can be searched for: run, suite, attempt, environment. */
export function idsOf(object: KubeObject): Record<string, string | number | undefined> {
  const { kind = '', metadata } = object;
  const { labels = {}, name } = metadata;
  const own = { kind, namespace: metadata.namespace };
  switch (kind) {
    case 'TestRun':
      return { ...own, run: name };
    case 'TestEnvironment':
      return { ...own, environment: name };
    case 'TestReport':
      return {
        ...own,
        report: name,
        run: labels[LABELS.run],
        suite: labels[LABELS.suite],
        attempt: Number(labels[LABELS.attempt]),
      };
    case 'Fault':
      return { ...own, fault: name, report: labels[LABELS.report] };
    default:
      return { ...own, name };
  }
}
