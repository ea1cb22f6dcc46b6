import { condition } from '@backendai-e2e/api/object-fixtures';
import {
  FAULTS,
  TEST_ENVIRONMENTS,
  TEST_REPORTS,
  TEST_RUNS,
  TEST_SUITES,
} from '@backendai-e2e/api/resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { expect } from 'chai';
import { execa } from 'execa';
import type { ControlPlane } from '../envtest/control-plane/control-plane.ts';
import { sharedControlPlane } from '../envtest/control-plane/shared-control-plane.ts';
import { requiredTool } from '../envtest/processes/pinned-tools.ts';
import { LAST_RESORT_MS } from '../envtest/waits/until.ts';

const COUNTS = { total: 9, passed: 6, failed: 1, pending: 0, interrupted: 1, inconclusive: 0, knownIssue: 1 };
const SINCE = '2026-01-01T00:00:00Z';

describe('what "kubectl get" prints', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;
  let client: KubeClient;
  let namespace: string;

  before(async () => {
    plane = await sharedControlPlane();
    client = plane.client();
    namespace = plane.uniqueName('columns');
    await plane.createNamespace(namespace);
  });
  after(() => plane?.stop());

  /** Stores an object and its status, and returns the cells of its line by their heads. */
  async function shown<T extends KubeObject & { spec: object; status?: object }>(
    resource: Resource<T>,
    { spec, status, labels = {} }: { spec: T['spec']; status: T['status']; labels?: Record<string, string> },
    ...more: string[]
  ): Promise<Record<string, string>> {
    const at = { namespace, name: 'one' };
    const existing = await client.get(resource, at);
    if (!existing) await client.create(resource, { metadata: { ...at, labels }, spec } as never);
    await client.mergePatch(resource, at, { status }, { subresource: 'status' });
    const { stdout } = await execa(requiredTool('kubectl'), [
      ...['get', `${resource.plural}.e2e.backend.ai`, 'one', ...more],
      ...['--namespace', namespace, '--kubeconfig', plane.kubeconfigPath],
    ]);
    return cellsOf(stdout);
  }

  it('of a TestRun: the verdict, the counts, the Backend.AI and the first failure', async () => {
    const run = {
      spec: { environmentRef: { name: 'e2e' } },
      status: {
        ...{ phase: 'Failed', verdict: 'Failed' as const, counts: COUNTS },
        suiteCounts: { total: 3, finished: 2, passed: 1, failed: 1 },
        backendAi: ['26.9.6 (1a2b3c4d5e6f)'],
        firstFailure: 'storage-upload: uploads a file: answered 500',
        firstCause: 'storage-proxy: 00:00:10 it had no ready pod',
        conditions: [condition('Succeeded', 'False', 'SuitesFailed', 'storage-upload: Failed')],
      },
    };
    const cells = await shown(TEST_RUNS, run);
    const { AGE, ...rest } = cells;
    expect(AGE).to.match(/^\d+s$/);
    expect(rest).to.deep.equal({
      ...{ NAME: 'one', PHASE: 'Failed', VERDICT: 'Failed', SUITES: '3', DONE: '2' },
      ...{ PASSED: '6', FAILED: '1', KNOWN: '1', 'BACKEND.AI': '26.9.6 (1a2b3c4d5e6f)' },
      'FIRST FAILURE': 'storage-upload: uploads a file: answered 500',
    });
    const wide = await shown(TEST_RUNS, run, '--output', 'wide');
    expect(wide).to.include({ 'FAILED SUITES': '1', ENVIRONMENT: 'e2e', MESSAGE: 'storage-upload: Failed' });
    expect(wide).to.include({ 'FIRST CAUSE': 'storage-proxy: 00:00:10 it had no ready pod' });
  });

  it('of a TestReport: the first failed test by its title, the first line of its error with "-o wide"', async () => {
    const test = (id: string, state: 'passed' | 'failed', error?: string) => ({
      ...{ id, file: 'storage/upload', title: `upload › ${id}`, state, seconds: 1 },
      ...(error ? { error } : {}),
    });
    const report = {
      spec: { run: 'nightly', suite: 'storage-upload', attempt: 2 },
      status: {
        ...{ final: true, verdict: 'Failed' as const, counts: COUNTS, seconds: 12.5 },
        firstCause: 'manager: 00:00:10 it restarted',
        tests: [
          test('first', 'passed'),
          test('second', 'failed', 'answered 500\n    at upload.ts:3:1'),
          test('third', 'failed', 'answered 502'),
        ],
      },
    };
    expect(await shown(TEST_REPORTS, report)).to.deep.include({
      ...{ SUITE: 'storage-upload', ATTEMPT: '2', VERDICT: 'Failed', PASSED: '6', FAILED: '1', KNOWN: '1' },
      ...{ SECONDS: '12.5', 'FIRST FAILURE': 'upload › second' },
    });
    const wide = await shown(TEST_REPORTS, report, '--output', 'wide');
    expect(wide).to.include({ RUN: 'nightly', FINAL: 'true', ERROR: 'answered 500...' });
    expect(wide).to.include({ 'FIRST CAUSE': 'manager: 00:00:10 it restarted' });
  });

  it('of a Fault: the target, and the seconds until it was seen and seen healed', async () => {
    const fault = {
      spec: { environmentRef: { name: 'e2e' }, target: { component: 'manager' }, pause: {} },
      status: {
        ...{ phase: 'Healed' as const, action: 'pause' as const },
        ...{ seenInForceAfterSeconds: 0.4, seenHealedAfterSeconds: 21 },
        targets: [{ pod: 'manager-0', uid: 'u', inForceEvidence: '34 of 34 threads are stopped' }],
      },
    };
    expect(await shown(FAULTS, fault)).to.deep.include({
      ...{ ACTION: 'pause', COMPONENT: 'manager', PHASE: 'Healed', SEEN: '0.4', HEALED: '21' },
    });
    const wide = await shown(FAULTS, fault, '--output', 'wide');
    expect(wide).to.include({ ENVIRONMENT: 'e2e', POD: 'manager-0' });
    expect(wide).to.include({ EVIDENCE: '34 of 34 threads are stopped' });
  });

  it('of a TestEnvironment and a TestSuite: readiness with the version, the last verdict with its streak', async () => {
    const environment = {
      spec: { external: {} },
      status: {
        namespace: 'bai',
        components: ['agent', 'manager'].map((name) => ({
          ...{ name, workload: `Deployment/${name}`, ready: 1, desired: 1, restarts: 0 },
          version: name === 'manager' ? '26.9.6' : '26.8.0',
        })),
        conditions: [condition('Ready', 'True', 'AllReady')],
      },
    };
    expect(await shown(TEST_ENVIRONMENTS, environment)).to.include({
      ...{ READY: 'True', REASON: 'AllReady', 'BACKEND.AI': '26.9.6', NAMESPACE: 'bai' },
    });
    const suite = {
      labels: { 'e2e.backend.ai/area': 'storage' },
      spec: { files: ['storage/upload'], image: 'suites' },
      status: {
        lastVerdicts: [{ run: 'nightly', verdict: 'Failed' as const, at: SINCE, since: SINCE }],
        ...{ passRate: 0.5, flipRate: 0.25 },
      },
    };
    const cells = await shown(TEST_SUITES, suite);
    expect(cells).to.include({ AREA: 'storage', LAST: 'Failed', PASSING: '0.5', FLIPPING: '0.25' });
    expect(cells.SINCE).to.match(/^\d+[dy]/);
  });
});

/** The cells of the only line of a table, by their heads. kubectl sets a column where its head begins. */
function cellsOf(stdout: string): Record<string, string> {
  const [head = '', line = ''] = stdout.split('\n');
  const starts = [...head.matchAll(/\S+(?: \S+)*/g)].map((found) => ({ name: found[0], at: found.index }));
  return Object.fromEntries(
    starts.map(({ name, at }, index) => [name, line.slice(at, starts[index + 1]?.at).trim()]),
  );
}
