import type { SeenEvent, SeenPod } from './cluster-record.ts';

/** A pod of Kubernetes, as far as it explains a result. */
export interface PodObject {
  metadata: {
    name: string;
    namespace?: string | undefined;
    labels?: Record<string, string> | undefined;
    creationTimestamp?: string | undefined;
  };
  spec?: { nodeName?: string | undefined } | undefined;
  status?:
    | {
        phase?: string | undefined;
        conditions?: { type: string; status: string; lastTransitionTime?: string | undefined }[] | undefined;
        containerStatuses?: ContainerObject[] | undefined;
      }
    | undefined;
}

interface ContainerObject {
  name: string;
  restartCount: number;
  image?: string | undefined;
  imageID?: string | undefined;
  state?: { running?: { startedAt?: string | undefined } | undefined } | undefined;
  lastState?:
    | {
        terminated?:
          | { reason?: string | undefined; exitCode?: number | undefined; finishedAt?: string | undefined }
          | undefined;
      }
    | undefined;
}

/** An event of Kubernetes, as far as it explains a result. */
export interface EventObject {
  metadata: { namespace?: string | undefined; creationTimestamp?: string | undefined };
  type?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
  count?: number | undefined;
  firstTimestamp?: string | null | undefined;
  lastTimestamp?: string | null | undefined;
  eventTime?: string | null | undefined;
  source?: { component?: string | undefined; host?: string | undefined } | undefined;
  involvedObject: { kind?: string | undefined; name?: string | undefined };
}

/** The component of a pod: its label app.kubernetes.io/component, else the pod's name. */
export function componentOfPod({ metadata }: Pick<PodObject, 'metadata'>): string {
  return metadata.labels?.['app.kubernetes.io/component'] ?? metadata.name;
}

/** A pod, cut to what explains a result. Pure. */
export function seenPod(pod: PodObject): SeenPod {
  const { metadata, spec, status } = pod;
  const ready = (status?.conditions ?? []).find(({ type }) => type === 'Ready');
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    component: componentOfPod(pod),
    ...(spec?.nodeName ? { node: spec.nodeName } : {}),
    phase: status?.phase ?? 'Unknown',
    ...(metadata.creationTimestamp ? { createdAt: metadata.creationTimestamp } : {}),
    ...(ready?.lastTransitionTime
      ? { ready: { is: ready.status === 'True', since: ready.lastTransitionTime } }
      : {}),
    containers: (status?.containerStatuses ?? []).map((container) => {
      const startedAt = container.state?.running?.startedAt;
      const last = container.lastState?.terminated;
      return {
        name: container.name,
        image: container.image ?? '',
        imageId: container.imageID ?? '',
        restarts: container.restartCount,
        ...(startedAt ? { startedAt } : {}),
        ...(last
          ? {
              last: {
                reason: last.reason ?? 'Unknown',
                ...(last.exitCode === undefined ? {} : { exitCode: last.exitCode }),
                ...(last.finishedAt ? { finishedAt: last.finishedAt } : {}),
              },
            }
          : {}),
      };
    }),
  };
}

/** An event, cut to what explains a result. Pure. */
export function seenEvent(event: EventObject): SeenEvent {
  const at = timeOfEvent(event);
  const firstAt = event.firstTimestamp ?? '';
  return {
    at,
    ...(firstAt && firstAt !== at ? { firstAt } : {}),
    type: event.type ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
    count: event.count ?? 1,
    namespace: event.metadata.namespace ?? '',
    object: `${event.involvedObject.kind ?? '?'}/${event.involvedObject.name ?? '?'}`,
    ...(event.source?.component === 'kubelet' && event.source.host ? { node: event.source.host } : {}),
  };
}

/** When an event last happened, RFC 3339; empty if unknown. */
export function timeOfEvent(event: EventObject): string {
  return (
    event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp ?? ''
  );
}
