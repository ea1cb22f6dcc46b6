import { EVENTS, type Event, type Job } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { AttemptEnding } from './close.ts';

/** Reason of the event that the Job controller records when the API server refuses a pod. The Job itself does not show it. */
const FAILED_CREATE = 'FailedCreate';

/**
 * Why the API server last refused the pod of a Job, such as a quota or an admission webhook. Undefined when it did not. The
 * Job controller keeps trying: isFinalRefusal says whether the attempt ends. Throws ApiError.
 */
export async function podRefusal(
  client: Pick<KubeClient, 'list'>,
  { metadata: { namespace = '', uid } }: Job,
  signal: AbortSignal,
): Promise<AttemptEnding | undefined> {
  const fieldSelector = `involvedObject.uid=${uid ?? ''},reason=${FAILED_CREATE}`;
  const { items } = await client.list(EVENTS, { namespace, fieldSelector }, { signal });
  const last = items.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b))).at(-1);
  return last && { reason: FAILED_CREATE, message: `the Job cannot create its pod: ${last.message ?? ''}` };
}

/** Milliseconds until a Job whose pods are refused is given up. */
const GIVE_UP_MS = 10_000;

/**
 * Whether a refusal ends the attempt. A quota that pods of other attempts use is waited for: their end may make room.
 * @param othersRun whether such pods run in the namespace
 */
export function isFinalRefusal(
  { message }: AttemptEnding,
  { metadata, status }: Job,
  othersRun: boolean,
  now: Date,
): boolean {
  if (othersRun && message.includes('exceeded quota')) return false;
  const begun = Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '');
  return now.getTime() >= begun + GIVE_UP_MS;
}

function timeOf(event: Event): string {
  return event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '';
}
