import type { LogQuery } from '@backendai-e2e/kube/calls';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { ObjectName } from '@backendai-e2e/kube/object';
import type { TextEnd } from './traces.ts';

/** Milliseconds for the kubelet's answer. */
const LOG_MS = 10_000;
/** More is read than is kept: what fits exactly could be whole or cut, and what is masked becomes shorter. */
const SPARE = 2;
/** Of that, what lines are asked for, by their length at the beginning: those at the end may be longer. */
const ASKED = 1.25;

/**
 * The end of a container's log, each line with the kubelet's timestamp: somewhat more than the bytes that are wanted. The API
 * server can cut a log so many bytes from its beginning, or give so many lines from its end: a log that is longer is asked for
 * again by lines, fewer each time. Rejects with ApiError.
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
  // At least: the log is as long as what the first answer was cut at, or longer.
  return { text, omittedBytes: Math.max(0, limitBytes - Buffer.byteLength(text)) };
}
