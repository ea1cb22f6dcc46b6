import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { OperatorHarness } from '../envtest/operator/harness.ts';

/** The limit of memory in charts/e2e-operator. */
const CONTAINER_MIB = 512;
/** Flags of images/operator/Dockerfile, and the heap that Node.js chooses in such a container. */
const FLAGS = ['--max-semi-space-size=1', '--optimize-for-size', '--max-opt=1', '--max-old-space-size=256'];
/** Requests of the test at once. */
const AT_ONCE = 8;
/** Bytes of a large report, below the limit of a request to etcd. */
const LARGE_BYTES = 1_400_000;
/** Milliseconds for a request of the test: the API server takes long for large objects. */
const LONGEST_MS = 300_000;

/** How many reports the operator is started among. */
export interface ManyReportsOptions {
  /** Reports of 1.4 MB, as a hostile suite can write them. */
  large: number;
  /** Ordinary reports. */
  small: number;
  /** Called with a line about the progress. */
  say: (line: string) => void;
}

/** What many and large reports cost the operator. */
export interface ManyReportsResult {
  /** Most memory of the operator's process at any time. */
  peakMiB: number;
  /** Seconds from its start until an ordinary run has passed, with all reports there. */
  startSeconds: number;
  /** Seconds for another one while every report changes. */
  changeSeconds: number;
}

/**
 * Starts an operator, with the memory of its container, in a namespace with many and large reports. Then changes each of them.
 * Rejects when the operator ends, or takes more memory than its container has. Also rejects when an ordinary run does not pass.
 */
export async function manyReports(
  harness: OperatorHarness,
  { large, small, say }: ManyReportsOptions,
): Promise<ManyReportsResult> {
  await harness.suite('ordinary', { onDemand: true });
  const client = harness.plane.client({ deadlineMs: LONGEST_MS });
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  const names = {
    large: numbers(large).map((index) => `large-${index}`),
    small: numbers(small).map((index) => `small-${index}`),
  };
  await each(names.large, 2, (name, index) => write(client, harness.namespace, name, hostile(index, 0)));
  await each(names.small, AT_ONCE, (name) => write(client, harness.namespace, name, ORDINARY));
  say(`${large} reports of ${LARGE_BYTES / 1e6} MB and ${small} ordinary ones are stored`);
  const began = performance.now();
  const operator = harness.startProcess([], FLAGS);
  const ended = new Promise<never>((_, reject) => {
    operator.once('exit', (code, signal) =>
      reject(new Error(`the operator ended (${signal ?? code}) with ${peakOf(operator)} MiB`)),
    );
  });
  // Only while something waits for it.
  ended.catch(() => undefined);
  await Promise.race([ended, ordinaryRun(harness, 'first')]);
  const startSeconds = seconds(began);
  say(`a run passed after ${startSeconds} s; ${peakOf(operator)} MiB`);
  const changed = performance.now();
  const changes = Promise.all([
    each(names.large, 2, (name, index) => patch(client, harness.namespace, name, hostile(index, 1))),
    each(names.small, AT_ONCE, (name) => patch(client, harness.namespace, name, { ...ORDINARY, seconds: 2 })),
  ]);
  await Promise.race([ended, Promise.all([changes, ordinaryRun(harness, 'second')])]);
  const result = { peakMiB: peakOf(operator), startSeconds, changeSeconds: seconds(changed) };
  operator.removeAllListeners('exit');
  if (result.peakMiB > CONTAINER_MIB) {
    throw new Error(`the operator took ${result.peakMiB} MiB; its container has ${CONTAINER_MIB} MiB`);
  }
  return result;
}

const ORDINARY: TestReportStatus = { final: true, verdict: 'Passed', seconds: 1, pod: 'gone' };

/** What a hostile suite writes, by turns: large errors, many titles of a final report, many hooks. */
function hostile(number: number, version: number): TestReportStatus {
  const filled = (length: number, index: number) => `${version} ${index} `.padEnd(length, 'x');
  const test = (index: number) => ({
    ...{ id: `${number}-${index}`, file: 'area/file', state: 'failed' as const, seconds: 1 },
    ...{ title: filled(1_000, index), reason: 'x'.repeat(250) },
  });
  const tests = Array.from({ length: Math.floor(LARGE_BYTES / 1_400) }, (_, index) => test(index));
  // The API server notes an owner of each test, which takes long: few of them have many.
  if (number % 10 === 0) return { final: true, verdict: 'Failed', tests };
  const [first] = tests;
  return first ? { current: `${version}`, tests: [{ ...first, error: filled(LARGE_BYTES - 2_000, 0) }] } : {};
}

async function write(
  client: KubeClient,
  namespace: string,
  name: string,
  status: TestReportStatus,
): Promise<void> {
  const spec = { run: 'none', suite: 'none', attempt: 1 };
  await client.create(TEST_REPORTS, { metadata: { name, namespace }, spec });
  await patch(client, namespace, name, status);
}

async function patch(
  client: KubeClient,
  namespace: string,
  name: string,
  status: TestReportStatus,
): Promise<void> {
  const { runner: fieldManager } = FIELD_MANAGERS;
  await client.mergePatch(
    TEST_REPORTS,
    { name, namespace },
    { status },
    { subresource: 'status', fieldManager },
  );
}

async function ordinaryRun(harness: OperatorHarness, name: string): Promise<void> {
  await harness.environment(name);
  await harness.run(name, name, { suites: { names: ['ordinary'] } });
  await harness.attempt(`${name}-ordinary-1`, 'Passed');
  const run = await harness.finished(name);
  if (run.status?.verdict !== 'Passed')
    throw new Error(`${name} did not pass: ${JSON.stringify(run.status)}`);
}

/** The most memory that a process ever had, in MiB. 0 once it is gone. Linux only. */
function peakOf({ pid }: ChildProcess): number {
  try {
    const [, kilobytes = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    // It has ended, and the caller says so.
    return 0;
  }
}

/** Does something for each name, for some of them at once. */
async function each(
  names: readonly string[],
  atOnce: number,
  work: (name: string, index: number) => Promise<void>,
): Promise<void> {
  const left = names.entries();
  const one = async () => {
    for (const [index, name] of left) await work(name, index);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 1000);
}
