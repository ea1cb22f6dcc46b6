import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { nameOfFile, packedFile } from '@backendai-e2e/api/artifact-key';
import { GROUP, type OwnerReference } from '@backendai-e2e/api/group';
import type { Artifact } from '@backendai-e2e/api/test-report';
import type { ConfigMap, Event } from '@backendai-e2e/kube/builtin-resources';
import type { Intent } from '@backendai-e2e/kube/object';

/** Annotation with the minimum number of omitted bytes of a key: `<prefix><key>`. */
const OMITTED = `omitted.${GROUP}/`;
/** The log of the attempt's own pod. */
export const SUITE_LOG = 'suite.log';
export const EVENTS_TEXT = 'events.txt';
/** What is compressed. */
const PACKED = /\.log$/;

/** The end of a text. */
export interface TextEnd {
  text: string;
  /** Minimum number of bytes omitted before it; 0 when it is complete. */
  omittedBytes: number;
}

/** One artifact of an attempt, with secrets masked. */
export interface Trace extends TextEnd {
  /** As the report lists it. */
  name: string;
}

/** The last bytes of a text, from the start of a line if possible. */
export function endOf(text: string, bytes: number): TextEnd {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return { text, omittedBytes: 0 };
  const tail = whole.subarray(whole.length - bytes);
  const line = tail.indexOf('\n') + 1;
  const kept = line > 0 && line < tail.length ? tail.subarray(line) : tail;
  // Drops a character that the cut went through instead of showing a replacement.
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

/** An artifact as it is stored: logs are compressed, with a suffix in their name. */
export function fileOf({ name, text }: Trace): { file: string; bytes: Buffer } {
  if (!PACKED.test(name)) return { file: name, bytes: Buffer.from(text) };
  return { file: packedFile(name), bytes: gzipSync(text) };
}

/** The ConfigMap with artifacts: logs compressed, because the API server accepts 1 MiB per object, and events as text. */
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

/** The artifacts in a stored ConfigMap, as the report lists them: the attempt's log first, then by name. */
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
