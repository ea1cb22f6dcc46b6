import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { exchangeList } from '@backendai-e2e/results/exchanges';
import { PACE } from '@backendai-e2e/results/history/measurement-gate';
import type { RunFile } from '@backendai-e2e/results/run-file';

/** What a made run is like. */
export interface Shape {
  suites: number;
  testsPerSuite: number;
  /** Places of suites that fail. */
  failing: readonly number[];
  /** Each eighth suite injects a fault. */
  faults: boolean;
  /** Lines of each of eight containers. */
  logLines: number;
  /** Texts of strangers in every title, error, name and log line. */
  hostile: boolean;
}

const START = Date.parse('2026-01-01T01:00:00Z');
const ENVIRONMENTS = ['e2e', 'e2e-2'];
const COMPONENTS = ['manager', 'agent', 'storage-proxy', 'webserver'];
/** Texts that try to become markup, a script, a link or another direction. */
const ATTACK =
  '</script><script>alert(1)</script><img src=x onerror=alert(1)>"\'><svg onload=alert(1)> javascript:alert(1) \u202e한글';
const ATTACK_LINE = `${ATTACK} \u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007 \u001b[2J\u001b[31mred\u001b[0m`;

type Reports = RunFile['reports'][number][];

/** Writes the folder of a run that never was, as a job writes it: run.json, phases.json, summary.txt and logs. */
export async function writeMadeRun(folder: string, shape: Shape): Promise<void> {
  const content = madeRun(shape);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'run.json'), JSON.stringify(content));
  await writeFile(
    path.join(folder, 'phases.json'),
    JSON.stringify({ phases: [{ name: 'suites', seconds: 900 }] }),
  );
  const { verdict } = content.run.status ?? {};
  const exit =
    verdict === 'Passed'
      ? 'exit 0 (passed): all suites passed'
      : 'exit 1 (the run did not succeed): suites failed';
  await writeFile(path.join(folder, 'summary.txt'), `${exit}\n`);
  const end = Math.max(...content.reports.map(({ status }) => Date.parse(status?.finishedAt ?? ''))) - START;
  for (const environment of ENVIRONMENTS) {
    for (const component of COMPONENTS) {
      const pod = path.join(folder, 'logs', `bai-${environment}`, `${component}-0`);
      await mkdir(pod, { recursive: true });
      const lines = Array.from({ length: shape.logLines }, (_, index) => {
        const level = index % 500 === 499 ? 'WARNING' : 'INFO';
        const more = shape.hostile && index % 100 === 0 ? ATTACK_LINE : '';
        return `${iso((index * end) / shape.logLines / 1000)} \u001b[32m${level}\u001b[0m request ${index} ${more}`;
      });
      await writeFile(path.join(pod, `${component}.log`), `${lines.join('\n')}\n`);
    }
  }
}

/** The run.json of such a run. */
export function madeRun(shape: Shape): RunFile {
  const strange = shape.hostile ? ATTACK : '';
  const free = [
    [0, 0],
    [0, 0],
  ];
  const reports: Reports = [];
  const faults: NonNullable<RunFile['faults']>[number][] = [];
  for (let place = 0; place < shape.suites; place += 1) {
    const slots = free[place % 2] ?? [];
    const slot = (slots[0] ?? 0) <= (slots[1] ?? 0) ? 0 : 1;
    const from = (slots[slot] ?? 0) + 2 + (place % 7 === 0 ? 9 : 0);
    const length = 20 + ((place * 37) % 70);
    slots[slot] = from + length;
    reports.push(reportOf(shape, place, from, length, strange));
    if (shape.faults && place % 8 === 3) faults.push(faultOf(place, from, length));
  }
  const end = Math.max(...free.flat());
  const bad = shape.failing.length;
  const total = shape.suites * shape.testsPerSuite;
  return {
    run: {
      apiVersion: API_VERSION,
      kind: 'TestRun',
      metadata: { name: bad > 0 ? 'made-red' : 'made-green', namespace: 'backendai-e2e' },
      spec: { environmentRef: { name: 'e2e' }, moreEnvironmentRefs: [{ name: 'e2e-2' }] },
      status: {
        verdict: bad > 0 ? 'Failed' : 'Passed',
        startedAt: iso(0),
        finishedAt: iso(end + 1),
        counts: { total, passed: total - bad, failed: bad, pending: 0, interrupted: 0 },
        suites: reports.map(({ metadata, spec, status }) => ({
          name: spec.suite,
          state: 'Finished',
          attempt: 1,
          report: metadata.name,
          ...(status?.verdict ? { verdict: status.verdict } : {}),
          ...(status?.seconds === undefined ? {} : { seconds: status.seconds }),
          ...(spec.environment ? { environment: spec.environment } : {}),
          ...(strange ? { message: strange } : {}),
        })),
        conditions: [
          {
            ...{
              type: 'Succeeded',
              status: bad > 0 ? 'False' : 'True',
              reason: 'Made',
              message: `made ${strange}`,
            },
            lastTransitionTime: iso(end),
          },
        ],
      },
    },
    reports,
    faults,
    cluster: clusterOf(shape, strange),
    tested: {
      environments: ENVIRONMENTS.map((name) => ({
        name,
        status: {
          namespace: `bai-${name}`,
          components: COMPONENTS.map((component) => ({
            ...{ name: component, workload: `Deployment/${component}`, ready: 1, desired: 1, restarts: 0 },
            ...{ version: '26.9.0', imageDigest: `sha256:${'ab12'.repeat(16)}` },
          })),
        },
      })),
      images: [{ component: 'operator', image: `operator ${strange}`, imageId: 'sha256:cc' }],
      command: { version: '0.0.0' },
    },
  };
}

function reportOf(
  shape: Shape,
  place: number,
  from: number,
  length: number,
  strange: string,
): Reports[number] {
  const fails = shape.failing.includes(place);
  const { testsPerSuite: count } = shape;
  return {
    apiVersion: API_VERSION,
    kind: 'TestReport',
    metadata: { name: `made-${place}-1`, namespace: 'backendai-e2e' },
    spec: {
      run: 'made',
      suite: `area${place % 6}-suite-${place}${strange}`,
      attempt: 1,
      environment: `e2e${place % 2 ? '-2' : ''}`,
    },
    status: {
      startedAt: iso(from),
      finishedAt: iso(from + length),
      seconds: length,
      final: true,
      verdict: fails ? 'Failed' : 'Passed',
      tests: Array.from({ length: count }, (_, index) => ({
        id: `${place}-${index}${strange}`.slice(0, 64),
        file: `area${place % 6}/suite-${place}`,
        title: `group › test ${index} shows what a user notices ${strange}`,
        state: fails && index === 1 ? ('failed' as const) : ('passed' as const),
        startedAt: iso(from + (index * length) / count),
        seconds: Math.round((length / count) * 90) / 100,
        ...(fails && index === 1
          ? {
              error: `AssertionError: the manager did not answer ${strange}\n\n      -41\n      +42\n    at suite.ts:1\n${requestsAt(from + length / count)}`,
            }
          : {}),
      })),
      hooks: [
        { file: 'area/suite', title: `"before all" hook ${strange}`, startedAt: iso(from), seconds: 1.2 },
      ],
      waits: [
        {
          ...{ file: `area${place % 6}/suite-${place}`, title: `group › test 0 ${strange}` },
          ...{ what: `a session to run ${strange}`, seconds: 12.5, times: 2 },
        },
      ],
      measurements: [
        { name: PACE, value: 1 + ((place * 13) % 30) / 10, unit: '×' },
        ...(place % 5 === 0 || place % 8 === 3
          ? [2.3, 2.6, 2.1, 3].map((value, index) => ({
              ...{ name: `session-start ${strange}`, value, unit: 's' },
              measuredAt: iso(from + (length * (index + 0.8)) / 4),
            }))
          : []),
      ],
    },
  };
}

/** The last requests of a test, as its error lists them. */
function requestsAt(seconds: number): string {
  return exchangeList([
    { at: iso(seconds + 1), request: 'GET /folders', answer: '200 []', seconds: 0.04, times: 1 },
    { at: iso(seconds + 4), request: 'POST /session {}', answer: '503 no manager', seconds: 2.5, times: 2 },
  ]);
}

function faultOf(place: number, from: number, length: number): NonNullable<RunFile['faults']>[number] {
  const at = (share: number, more: number) => iso(from + length * share + more);
  return {
    apiVersion: API_VERSION,
    kind: 'Fault',
    metadata: {
      name: `suite-f${place}`,
      namespace: 'backendai-e2e',
      creationTimestamp: at(0.1, 0),
      labels: { [LABELS.report]: `made-${place}-1` },
    },
    spec: {
      environmentRef: { name: `e2e${place % 2 ? '-2' : ''}` },
      target: { component: 'manager' },
      pause: {},
    },
    status: {
      phase: 'Healed',
      action: 'pause',
      injectedAt: at(0.1, 1),
      seenInForceAt: at(0.1, 2.5),
      healedAt: at(0.5, 0),
      seenHealedAt: at(0.5, 3.4),
      targets: [{ pod: 'manager-0', uid: 'u', inForceEvidence: 'every process is stopped' }],
    },
  };
}

function clusterOf(shape: Shape, strange: string): NonNullable<RunFile['cluster']> {
  const killed = { reason: 'Error', exitCode: 137, finishedAt: iso(130) };
  return {
    events: [
      {
        ...{ at: iso(131), type: 'Warning', reason: 'BackOff', message: `restarting ${strange}`, count: 3 },
        ...{ namespace: 'bai-e2e', object: 'Pod/manager-0' },
      },
      {
        ...{ at: iso(128), firstAt: iso(118), type: 'Warning', reason: 'Unhealthy', count: 3 },
        ...{ message: `Readiness probe failed: ${strange}`, namespace: 'bai-e2e', object: 'Pod/manager-0' },
      },
    ],
    pods: ENVIRONMENTS.flatMap((environment) =>
      COMPONENTS.map((component) => ({
        ...{ namespace: `bai-${environment}`, name: `${component}-0`, component, phase: 'Running' },
        createdAt: iso(-100),
        ready: { is: true, since: component === 'agent' && shape.faults ? iso(260) : iso(-100) },
        containers: [
          {
            ...{ name: component, image: component, imageId: 'sha256:aa' },
            restarts: shape.faults && component === 'manager' ? 1 : 0,
            ...(shape.faults && component === 'manager' ? { last: killed } : {}),
          },
        ],
      })),
    ),
    leases: [
      {
        namespace: 'backendai-e2e',
        name: 'operator',
        holder: `pod-2 ${strange}`,
        acquiredAt: iso(205),
        transitions: 1,
      },
    ],
    clocks: [{ node: `node-1 ${strange}`, aheadMs: { least: -400, most: 900 } }],
    missing: [],
  };
}

/** RFC 3339 of some seconds after the start. */
function iso(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}
