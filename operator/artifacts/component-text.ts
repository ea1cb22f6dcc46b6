import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { Trace } from './traces.ts';
import { endOf } from './traces.ts';

/** The log of one container of a component during an attempt. */
export interface ContainerText {
  /** app.kubernetes.io/component of the pod, else the pod's name. */
  component: string;
  pod: string;
  container: string;
  /** Of the instance before the last restart. */
  previous: boolean;
  /** Lines with the kubelet's timestamp, masked. */
  text: string;
  /** Bytes at least that the reader left out before it. */
  omittedBytes: number;
}

/** Number of components that a report has room for, beside its own log and events. */
const COMPONENTS = 17;
/** A kubelet's timestamp: "2026-01-01T00:00:00.000000000Z ". */
const STAMP = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2}) /;

/** The lines of a log up to a time. Lines without a timestamp belong to the line before. */
export function linesUntil(text: string, end: Date): string {
  const lines = text.split('\n');
  // To the end of the second in which the attempt ends.
  const last = Math.floor(end.getTime() / 1000);
  const cut = lines.findIndex((line) => {
    const [, time, zone] = STAMP.exec(line) ?? [];
    return time !== undefined && Date.parse(`${time}${zone}`) / 1000 > last;
  });
  if (cut < 0) return text;
  return cut === 0 ? '' : `${lines.slice(0, cut).join('\n')}\n`;
}

/** Bytes for each container, when all together may have `all` and none more than `most`. */
export function shareOf(all: number, most: number, containers: number): number {
  return Math.min(most, Math.floor(all / Math.max(1, containers)));
}

/**
 * One text per component: its containers one below the other. A line before each has its name and what is omitted. Empty logs
 * are skipped. `left` counts components for which a report has no room.
 */
export function componentTraces(
  texts: readonly ContainerText[],
  bytesEach: number,
): { traces: Trace[]; left: number } {
  const byName = new Map<string, ContainerText[]>();
  for (const each of texts) {
    if (each.text === '') continue;
    const name = traceName(each.component);
    byName.set(name, [...(byName.get(name) ?? []), each]);
  }
  const all = [...byName].sort(([a], [b]) => a.localeCompare(b));
  const traces = all.slice(0, COMPONENTS).map(([name, own]) => {
    const sections = own.map((each) => ({ ...each, ...endWithin(each, bytesEach) }));
    return {
      name,
      text: sections.map(section).join('\n'),
      omittedBytes: sections.reduce((sum, { omittedBytes }) => sum + omittedBytes, 0),
    };
  });
  return { traces, left: Math.max(0, all.length - COMPONENTS) };
}

function endWithin({ text, omittedBytes }: ContainerText, bytes: number) {
  const end = endOf(text, bytes);
  return { text: end.text, omittedBytes: omittedBytes + end.omittedBytes };
}

function section({ pod, container, previous, text, omittedBytes }: ContainerText): string {
  const which = `${pod}/${container}${previous ? ' before its restart' : ''}`;
  const cut = omittedBytes > 0 ? `, ${omittedBytes} bytes at least before this are left out` : '';
  return `── ${which}${cut}\n${text.endsWith('\n') ? text : `${text}\n`}`;
}

/** The component of a trace that {@link componentTraces} made: its name in lower case. */
export function componentOfTrace(name: string): string {
  return name.replace(/^component-|\.log$/g, '');
}

function traceName(component: string): string {
  const plain = component
    .toLowerCase()
    .replaceAll(/[^-a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `component-${plain.slice(0, LENGTHS.label) || 'unnamed'}.log`;
}
