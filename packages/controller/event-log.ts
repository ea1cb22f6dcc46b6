import type { KubeObject } from '@backendai-e2e/kube/object';
import type { EventRecorder, Notice } from './events.ts';
import type { Log } from './log.ts';

/** Fields of a log line by which people search for an object. */
export type LogFields = Record<string, string | number | undefined>;

/** A notice, with log fields that the object itself does not have, such as the suite of a run. */
export interface LoggedNotice extends Notice {
  fields?: LogFields;
}

/** Records what happens to an object where people look: an Event on the object, and a log line. */
export class EventLog {
  readonly #recorder: Pick<EventRecorder, 'record'>;
  readonly #log: Log;
  readonly #fieldsOf: (object: KubeObject) => LogFields;

  /** @param fieldsOf the fields that identify an object in the log */
  constructor(
    recorder: Pick<EventRecorder, 'record'>,
    log: Log,
    fieldsOf: (object: KubeObject) => LogFields,
  ) {
    this.#recorder = recorder;
    this.#log = log;
    this.#fieldsOf = fieldsOf;
  }

  /** Never throws. The object must have apiVersion and kind. A warning is logged at level warn, the rest at info. */
  record(object: KubeObject, { fields, ...notice }: LoggedNotice): void {
    this.#recorder.record(object, notice);
    const line = { ...this.#fieldsOf(object), ...fields, reason: notice.reason };
    if (notice.type === 'Warning') this.#log.warn(line, notice.message);
    else this.#log.info(line, notice.message);
  }
}
