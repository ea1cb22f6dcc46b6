import type { LogQuery } from '@backendai-e2e/kube/calls';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ObjectName } from '@backendai-e2e/kube/object';
import type { TextEnd } from './traces.ts';

/** Milliseconds for the kubelet's answer. */
const LOG_MS = 10_000;
/** Reads more than is stored: a log that fits exactly could be whole or truncated, and masking makes it shorter. */
const SPARE = 2;
/** Share of the limit for which lines are requested, by the length of the first ones. Later lines may be longer. */
const ASKED = 1.25;

/**
 * The end of a container's log, each line with the kubelet's timestamp: slightly more than the requested bytes. The API server
 * limits a log by bytes from its start or by lines from its end. A longer log is therefore requested again by lines, fewer each
 * time. Rejects with ApiError.
 */
export async function readLogEnd(
  client: Pick<KubeClient, 'podLogs'>,
  pod: ObjectName,
  query: Pick<LogQuery, 'container' | 'previous' | 'sinceTime'>,
  bytes: number,
  signal: AbortSignal,
): Promise<TextEnd> {
  const limitBytes = bytes * SPARE;
  const read = (more: Pick<LogQuery, 'tailLines'>) =>
    client.podLogs(pod, { ...query, ...more, limitBytes, timestamps: true }, { signal, deadlineMs: LOG_MS });
  const isWhole = (text: string) => Buffer.byteLength(text) < limitBytes;
  let text = await read({});
  if (isWhole(text)) return { text, omittedBytes: 0 };
  for (let lines = Math.ceil((text.split('\n').length * ASKED) / SPARE); ; lines = Math.ceil(lines / 4)) {
    text = await read({ tailLines: lines });
    if (isWhole(text) || lines === 1) break;
  }
  // A minimum: the log is at least as long as the limit of the first answer.
  return { text, omittedBytes: Math.max(0, limitBytes - Buffer.byteLength(text)) };
}
