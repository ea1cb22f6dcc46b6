import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import type { Log } from './log.ts';

/** Something worth a line in `kubectl describe`. */
export interface Notice {
  type: 'Normal' | 'Warning';
  /** PascalCase word: why. */
  reason: string;
  /** Sentence for people; cut at 1024 characters. */
  message: string;
}

export interface EventRecorderOptions {
  client: KubeClient;
  /** Shown as the source: "backendai-e2e-operator". */
  component: string;
  /** This process, for reportingInstance: the pod's name. */
  instance: string;
  log: Log;
  clock?: Clock;
}

/** Records events about objects. Same object, type and reason within ten minutes count up one Event. */
export class EventRecorder {
  constructor(_options: EventRecorderOptions) {
    throw new Error('not written yet');
  }

  /** Records in the background; never throws. apiVersion and kind must be in the object (the informer's cache has them). */
  record(_object: KubeObject, _notice: Notice): void {
    throw new Error('not written yet');
  }

  /** Waits until everything recorded so far is written or given up, at most that long. */
  flush(_timeoutMs: number): Promise<void> {
    throw new Error('not written yet');
  }
}
