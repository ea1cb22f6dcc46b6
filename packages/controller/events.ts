import { randomUUID } from 'node:crypto';
import { isNotFound } from '@backendai-e2e/kube/api-error';
import { EVENTS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { type Clock, sleep, systemClock } from '@backendai-e2e/kube/clock';
import type { KubeObject } from '@backendai-e2e/kube/object';
import type { Log } from './log.ts';

/** Something worth a line in `kubectl describe`. */
export interface Notice {
  type: 'Normal' | 'Warning';
  /** Reason in PascalCase. */
  reason: string;
  /** Message for people, truncated at 1024 characters. */
  message: string;
}

/** As what and with what Events are recorded. */
export interface EventRecorderOptions {
  client: Pick<KubeClient, 'create' | 'mergePatch'>;
  /** Source of the event, such as "backendai-e2e-operator". */
  component: string;
  /** Identity of this process for reportingInstance: the pod's name. */
  instance: string;
  log: Log;
  clock?: Clock;
}

/** Maximum message length of an Event of the core group. */
const MESSAGE_CHARACTERS = 1024;

/** Notices of one object, type and reason within this time increase the count of one Event, as in client-go. */
const WINDOW_MS = 10 * 60_000;

/** Minimum milliseconds between two writes of the same Event: a burst of notices becomes a count. */
const INTERVAL_MS = 5_000;

/** Maximum number of remembered series; the oldest are dropped first. Each needs about 1 KiB. */
const SERIES = 1_024;

/** One Event and its count. */
interface Series {
  object: KubeObject;
  notice: Notice;
  namespace: string;
  /** Name of the Event; undefined until it is created. */
  name: string | undefined;
  count: number;
  /** The count stored in the API server. */
  writtenCount: number;
  first: Date;
  last: Date;
  lastMs: number;
  writtenMs: number;
  writing: boolean;
}

/** Records events about objects. The same object, type and reason within ten minutes increase the count of one Event. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();
  readonly #pending = new Set<Promise<void>>();
  readonly #hurry = new AbortController();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Records in the background; never throws. apiVersion and kind must be in the object (the informer's cache has them). */
  record(object: KubeObject, notice: Notice): void {
    const series = this.#count(object, notice);
    if (series.writing) return;
    series.writing = true;
    const writing = this.#write(series).finally(() => this.#pending.delete(writing));
    this.#pending.add(writing);
  }

  /** Writes pending events at once; resolves when done, or after that many milliseconds. Call it on stop. */
  async flush(timeoutMs: number): Promise<void> {
    this.#hurry.abort();
    const late = new AbortController();
    // Rejects on the abort below, when the notices are out.
    const limit = sleep(this.#clock, timeoutMs, late.signal).catch(() => {});
    await Promise.race([Promise.all(this.#pending), limit]);
    late.abort();
  }

  #count(object: KubeObject, notice: Notice): Series {
    const { metadata } = object;
    const key = [
      object.kind,
      metadata.namespace,
      metadata.name,
      metadata.uid,
      notice.type,
      notice.reason,
    ].join('|');
    const now = this.#clock.now();
    const nowMs = this.#clock.monotonicMs();
    const before = this.#series.get(key);
    this.#series.delete(key);
    if (before && nowMs - before.lastMs < WINDOW_MS) {
      before.count++;
      before.last = now;
      before.lastMs = nowMs;
      before.notice = notice;
      this.#series.set(key, before);
      return before;
    }
    const series: Series = {
      object: referenceTo(object),
      notice,
      // Events of cluster-scoped objects are in "default", where kubectl looks for them.
      namespace: metadata.namespace ?? 'default',
      name: undefined,
      count: 1,
      writtenCount: 0,
      first: now,
      last: now,
      lastMs: nowMs,
      writtenMs: Number.NEGATIVE_INFINITY,
      writing: false,
    };
    this.#series.set(key, series);
    // In the order of their last notice: expired series come first.
    for (const [oldest, { lastMs }] of this.#series) {
      if (this.#series.size <= SERIES && nowMs - lastMs < WINDOW_MS) break;
      this.#series.delete(oldest);
    }
    return series;
  }

  /** Writes until the stored count is complete. Never rejects: an event must not fail a reconcile. */
  async #write(series: Series): Promise<void> {
    while (series.writtenCount < series.count) {
      const wait = series.writtenMs + INTERVAL_MS - this.#clock.monotonicMs();
      // The abort on stop only ends the wait: the count is still written.
      if (wait > 0) await sleep(this.#clock, wait, this.#hurry.signal).catch(() => {});
      const count = series.count;
      try {
        if (series.name === undefined) await this.#create(series);
        else await this.#update(series, series.name);
      } catch (error) {
        const { kind, metadata } = series.object;
        this.#options.log.warn(
          { err: error, kind, object: metadata.name, reason: series.notice.reason },
          'cannot record an event',
        );
      }
      series.writtenCount = count;
      series.writtenMs = this.#clock.monotonicMs();
    }
    // In the same tick as the loop's last look at the count, so that no notice is lost.
    series.writing = false;
  }

  async #create(series: Series): Promise<void> {
    const { object, notice, namespace } = series;
    const { component, instance } = this.#options;
    // client-go names Events "<object>.<unique>"; a name has 253 characters at most.
    const name = `${object.metadata.name.slice(0, 200)}.${randomUUID().slice(0, 18)}`;
    await this.#options.client.create(EVENTS, {
      metadata: { namespace, name },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
      },
      type: notice.type,
      reason: notice.reason,
      message: notice.message.slice(0, MESSAGE_CHARACTERS),
      count: series.count,
      firstTimestamp: seconds(series.first),
      lastTimestamp: seconds(series.last),
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
    });
    series.name = name;
  }

  async #update(series: Series, name: string): Promise<void> {
    const { notice, namespace, count, last } = series;
    try {
      await this.#options.client.mergePatch(
        EVENTS,
        { namespace, name },
        { count, lastTimestamp: seconds(last), message: notice.message.slice(0, MESSAGE_CHARACTERS) },
      );
    } catch (error) {
      // Events live for an hour by default. This one has expired, so the series continues in a new one.
      if (!isNotFound(error)) throw error;
      await this.#create(series);
    }
  }
}

/** The reference to an Event's object. The whole object, such as a report, would stay in memory for ten minutes. */
function referenceTo({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

/** metav1.Time has whole seconds. */
function seconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
