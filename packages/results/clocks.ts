import type { SeenClock } from './cluster-record.ts';
import type { WholeRunFile } from './run-file.ts';

/** A node's Lease in kube-node-lease, as far as it shows the time. */
export interface RenewedLease {
  metadata: {
    name: string;
    managedFields?: readonly { time?: string; fieldsV1?: object }[] | undefined;
  };
  spec?: { renewTime?: string | undefined } | undefined;
}

/** The field of a renewal, as managedFields names it. */
const RENEWAL = '"f:renewTime"';
/** The API server writes its time in whole seconds. */
const WHOLE_MS = 1_000;
/** Longest way of a renewal to the API server that a bound allows for, milliseconds. */
const WAY_MS = 1_000;
/** Difference up to which a clock is right, milliseconds. One look is not exact enough for less. */
const RIGHT_MS = 1_000;

/**
 * How far the clock of a node is ahead. The kubelet writes its own time into the Lease every 10 s, and the API server notes
 * when that came. Undefined for a Lease without both times. Pure.
 */
export function clockOf({ metadata, spec }: RenewedLease): SeenClock | undefined {
  const written = metadata.managedFields?.find(({ fieldsV1 }) =>
    JSON.stringify(fieldsV1)?.includes(RENEWAL),
  )?.time;
  const [own, servers] = [Date.parse(spec?.renewTime ?? ''), Date.parse(written ?? '')];
  if (Number.isNaN(own) || Number.isNaN(servers)) return undefined;
  return { node: metadata.name, aheadMs: { least: own - servers - WHOLE_MS, most: own - servers + WAY_MS } };
}

/** Joins two looks at the clocks. Where they contradict each other, a renewal was under way for long: it counts for nothing. Pure. */
export function closerClocks(before: readonly SeenClock[], now: readonly SeenClock[]): SeenClock[] {
  const earlier = new Map(before.map((clock) => [clock.node, clock.aheadMs]));
  return now.map(({ node, aheadMs }) => {
    const other = earlier.get(node) ?? aheadMs;
    const least = Math.max(other.least, aheadMs.least);
    const most = Math.min(other.most, aheadMs.most);
    if (least <= most) return { node, aheadMs: { least, most } };
    // A slow renewal makes a clock look slow.
    return { node, aheadMs: other.least > aheadMs.least ? other : aheadMs };
  });
}

/** Milliseconds by which times of a node are too late; 0 for a clock that is right. */
export function errorOf({ aheadMs: { least, most } }: SeenClock): number {
  return least > RIGHT_MS || most < -RIGHT_MS ? Math.round((least + most) / 2) : 0;
}

/** What readers must know of the clocks, a sentence each. Pure. */
export function clockSentences(clocks: readonly SeenClock[] = []): string[] {
  if (clocks.length === 0) return ['How far the clocks of the nodes differ is not known.'];
  const right = clocks.filter((clock) => errorOf(clock) === 0);
  const wrong = clocks.filter((clock) => errorOf(clock) !== 0);
  const furthest = Math.max(...right.flatMap(({ aheadMs: { least, most } }) => [-least, most]));
  return [
    ...(right.length > 0
      ? [`The clocks of ${countedNodes(right.length)} are within ${seconds(furthest)} of the API server's.`]
      : []),
    ...wrong.map(({ node, aheadMs: { least, most } }) => {
      const [from, to] = least > 0 ? [least, most] : [-most, -least];
      const side = least > 0 ? 'ahead of' : 'behind';
      return `The clock of node ${node} is ${seconds(from)} to ${seconds(to)} ${side} the API server's. Its times are moved by the middle.`;
    }),
  ];
}

function countedNodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A moment as JSON has it, alone in a text. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
/** A moment that begins a line: of a log, or indented in the requests of a failure. */
const LINE_MOMENT = /^( {2})?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)(?= )/gm;

/**
 * A run with the times of each node as the API server's clock would have them. Moved are times of attempts, containers, events of
 * kubelets, and those that the operator writes. The run itself is returned where all clocks are right. Pure.
 */
export function alignedRun(file: WholeRunFile): WholeRunFile {
  const late = lateness(file);
  if (!late) return file;
  const { cluster } = file;
  const operator = cluster.pods.find(({ component }) => component === 'operator');
  const byOperator = late(operator?.namespace, operator?.name);
  return {
    ...file,
    run: withStatus(file.run, byOperator),
    reports: file.reports.map((report) =>
      withStatus(report, late(report.metadata.namespace, report.status?.pod)),
    ),
    faults: file.faults.map((fault) => withStatus(fault, byOperator)),
    cluster: {
      ...cluster,
      // The API server writes when a pod was created.
      pods: cluster.pods.map((pod) => ({
        ...earlier(pod, late(pod.namespace, pod.name)),
        ...(pod.createdAt ? { createdAt: pod.createdAt } : {}),
      })),
      events: cluster.events.map((event) => earlier(event, late.node(event.node))),
    },
  };
}

/** The log of a pod with the times of the API server's clock. Pure. */
export function alignedLog(
  file: WholeRunFile,
  pod: { namespace: string; name: string },
  text: string,
): string {
  return earlier(text, lateness(file)?.(pod.namespace, pod.name) ?? 0);
}

/** How late the times of a pod or a node are, in milliseconds. Undefined where all clocks are right. */
function lateness({ cluster: { clocks = [], pods } }: WholeRunFile) {
  const errors = new Map(clocks.map((clock) => [clock.node, errorOf(clock)]));
  if ([...errors.values()].every((ms) => ms === 0)) return undefined;
  const nodes = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.node]));
  const node = (name: string | undefined) => errors.get(name ?? '') ?? 0;
  return Object.assign(
    (namespace: string | undefined, pod: string | undefined) => node(nodes.get(`${namespace}/${pod}`)),
    { node },
  );
}

/** The object with the moments of its status earlier. The API server writes those of its metadata. */
function withStatus<T extends { status?: unknown }>(object: T, ms: number): T {
  return object.status === undefined ? object : { ...object, status: earlier(object.status, ms) };
}

/** The value with each moment in it earlier. Texts are left alone but for moments that begin a line. */
function earlier<T>(value: T, ms: number): T {
  // The cast: each value keeps its type, and only moments in texts change.
  return (ms === 0 ? value : moved(value, ms)) as T;
}

function moved(value: unknown, ms: number): unknown {
  if (typeof value === 'string') {
    if (MOMENT.test(value)) return minus(value, ms);
    return value.replace(LINE_MOMENT, (_, indent = '', at: string) => `${indent}${minus(at, ms)}`);
  }
  if (Array.isArray(value)) return value.map((each) => moved(each, ms));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, moved(each, ms)]));
}

function minus(at: string, ms: number): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? at : new Date(time - ms).toISOString();
}
