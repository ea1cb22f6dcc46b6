import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { GROUP, type OwnerReference } from '../api/group.ts';
import { LIMITS } from '../api/limits.ts';
import type { Artifact } from '../api/test-report.ts';
import type { ConfigMap, Event } from '../runtime/builtin-resources.ts';
import type { Intent } from '../runtime/kube-object.ts';

/** Bytes at least that a key leaves out, on the ConfigMap: `<prefix><key>`. */
const OMITTED = `omitted.${GROUP}/`;
/** Keys of the ConfigMap, by the artifact's name. */
const KEYS = { 'suite.log': 'suite.log.gz', 'events.txt': 'events.txt' } as const;

/** The end of a text. */
export interface TextEnd {
  text: string;
  /** Bytes at least that came before it; 0 when it is whole. */
  omittedBytes: number;
}

/** What an attempt left behind, with its secrets masked. */
export interface Traces {
  /** Log of the pod; undefined when it cannot be read any more. */
  log: TextEnd | undefined;
  events: TextEnd;
}

/** The last bytes of a text, from the beginning of a line where there is one. */
export function endOf(text: string, bytes: number): TextEnd {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return { text, omittedBytes: 0 };
  const tail = whole.subarray(whole.length - bytes);
  const line = tail.indexOf('\n') + 1;
  const kept = line > 0 && line < tail.length ? tail.subarray(line) : tail;
  // A character that the cut went through is dropped, not shown as a replacement.
  return { text: kept.toString().replace(/^\uFFFD+/, ''), omittedBytes: whole.length - kept.length };
}

/** Events as lines, oldest first: "<time> <type> <reason> <kind>/<name>: <message> (x<count>)". */
export function eventLines(events: readonly Event[]): string {
  return events
    .map((event) => ({ at: timeOf(event), event }))
    .sort((a, b) => a.at.localeCompare(b.at))
    .map(({ at, event }) => {
      const { kind = '?', name = '?' } = event.involvedObject ?? {};
      const count = event.series?.count ?? event.count ?? 1;
      const message = (event.message ?? '').trim().replaceAll('\n', ' ');
      return `${at} ${event.type ?? 'Normal'} ${event.reason ?? '?'} ${kind}/${name}: ${message}${count > 1 ? ` (x${count})` : ''}\n`;
    })
    .join('');
}

function timeOf(event: Event): string {
  const time = event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime;
  return time ?? event.metadata.creationTimestamp ?? '?';
}

/** The ConfigMap that keeps the traces: the log packed, as the API server takes 1 MiB an object, the events as they are. */
export function tracesConfigMap(
  at: { name: string; namespace: string; labels: Record<string, string>; owner: OwnerReference },
  { log, events }: Traces,
): Intent<ConfigMap> {
  const { name, namespace, labels, owner } = at;
  const omitted = {
    ...(log && log.omittedBytes > 0 ? { [`${OMITTED}${KEYS['suite.log']}`]: String(log.omittedBytes) } : {}),
    ...(events.omittedBytes > 0 ? { [`${OMITTED}${KEYS['events.txt']}`]: String(events.omittedBytes) } : {}),
  };
  return {
    metadata: { name, namespace, labels, ownerReferences: [owner], annotations: omitted },
    immutable: true,
    data: { [KEYS['events.txt']]: events.text },
    ...(log ? { binaryData: { [KEYS['suite.log']]: gzipSync(log.text).toString('base64') } } : {}),
  };
}

/** What a stored ConfigMap of traces holds, as the report lists it. */
export function artifactsIn({ metadata, data, binaryData }: ConfigMap): Artifact[] {
  return Object.entries(KEYS).flatMap(([name, key]): Artifact[] => {
    const packed = binaryData?.[key];
    const plain = data?.[key];
    if (packed === undefined && plain === undefined) return [];
    const bytes = packed === undefined ? Buffer.from(plain ?? '') : Buffer.from(packed, 'base64');
    const omitted = Number(metadata.annotations?.[`${OMITTED}${key}`] ?? 0);
    return [
      {
        name,
        configMap: metadata.name,
        key,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        ...(omitted > 0 ? { omittedBytes: omitted } : {}),
      },
    ];
  });
}

/** What is kept of a log and of events. */
export const KEPT_BYTES = { log: LIMITS.archivedLogBytes, events: LIMITS.archivedEventsBytes } as const;
