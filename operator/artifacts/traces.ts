import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { GROUP, type OwnerReference } from '@backendai-e2e/api/group';
import type { Artifact } from '@backendai-e2e/api/test-report';
import type { ConfigMap, Event } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';

/** Bytes at least that a key leaves out, on the ConfigMap: `<prefix><key>`. */
const OMITTED = `omitted.${GROUP}/`;
/** The log of the attempt's own pod. */
export const SUITE_LOG = 'suite.log';
export const EVENTS_TEXT = 'events.txt';
/** What is packed, and how its file name ends then. */
const PACKED = /\.log$/;
const GZ = '.gz';

/** The end of a text. */
export interface TextEnd {
  text: string;
  /** Bytes at least that came before it; 0 when it is whole. */
  omittedBytes: number;
}

/** One thing that an attempt left behind, with its secrets masked. */
export interface Trace extends TextEnd {
  /** As the report lists it. */
  name: string;
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

/** A trace as it is stored: logs are packed, under a name that says so. */
export function fileOf({ name, text }: Trace): { file: string; bytes: Buffer } {
  if (!PACKED.test(name)) return { file: name, bytes: Buffer.from(text) };
  return { file: `${name}${GZ}`, bytes: gzipSync(text) };
}

/** The name of the trace that a file was made from. */
export function nameOfFile(file: string): string {
  return file.endsWith(GZ) ? file.slice(0, -GZ.length) : file;
}

/** The ConfigMap that keeps traces: logs packed, as the API server takes 1 MiB an object, the events as they are. */
export function tracesConfigMap(
  at: { name: string; namespace: string; labels: Record<string, string>; owner: OwnerReference },
  traces: readonly Trace[],
): Intent<ConfigMap> {
  const { name, namespace, labels, owner } = at;
  const omitted: Record<string, string> = {};
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  for (const trace of traces) {
    const { file, bytes } = fileOf(trace);
    if (trace.omittedBytes > 0) omitted[`${OMITTED}${file}`] = String(trace.omittedBytes);
    if (PACKED.test(trace.name)) binaryData[file] = bytes.toString('base64');
    else data[file] = trace.text;
  }
  return {
    metadata: { name, namespace, labels, ownerReferences: [owner], annotations: omitted },
    immutable: true,
    data,
    ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
  };
}

/** What a stored ConfigMap of traces holds, as the report lists it: the attempt's log first, then by name. */
export function artifactsIn({ metadata, data = {}, binaryData = {} }: ConfigMap): Artifact[] {
  const stored = [
    ...Object.entries(binaryData).map(([key, packed]) => ({ key, bytes: Buffer.from(packed, 'base64') })),
    ...Object.entries(data).map(([key, plain]) => ({ key, bytes: Buffer.from(plain) })),
  ];
  return stored
    .map(({ key, bytes }): Artifact => {
      const omitted = Number(metadata.annotations?.[`${OMITTED}${key}`] ?? 0);
      return {
        name: nameOfFile(key),
        configMap: metadata.name,
        key,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        ...(omitted > 0 ? { omittedBytes: omitted } : {}),
      };
    })
    .sort(byImportance);
}

/** The order in which a report lists its artifacts: its own log, its events, then components by name. */
export function byImportance(a: Pick<Artifact, 'name'>, b: Pick<Artifact, 'name'>): number {
  const rank = (name: string) => (name === SUITE_LOG ? 0 : name === EVENTS_TEXT ? 1 : 2);
  return rank(a.name) - rank(b.name) || a.name.localeCompare(b.name);
}
