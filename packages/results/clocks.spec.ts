import { expect } from 'chai';
import { alignedLog, alignedRun, clockOf, clockSentences, closerClocks, errorOf } from './clocks.ts';
import type { SeenClock } from './cluster-record.ts';
import { readRunFile } from './run-file.ts';
import { report, run, suite, test } from './run-fixtures.ts';

const lease = (renewTime: string, time: string) => ({
  metadata: {
    name: 'n1',
    managedFields: [
      { time: '2025-01-01T00:00:00Z' },
      { time, fieldsV1: { 'f:spec': { 'f:renewTime': {} } } },
    ],
  },
  spec: { renewTime },
});
const clock = (least: number, most: number, node = 'n1'): SeenClock => ({ node, aheadMs: { least, most } });

describe('the clock of a node', () => {
  it('is within a second of the time at which the API server notes a renewal', () => {
    const seen = clockOf(lease('2026-01-01T00:00:07.250000Z', '2026-01-01T00:00:07Z'));
    expect(seen).to.deep.equal(clock(-750, 1_250));
    expect(seen && errorOf(seen)).to.equal(0);
  });

  it('is not known without both times', () => {
    expect(clockOf({ metadata: { name: 'n1' }, spec: { renewTime: '2026-01-01T00:00:07Z' } })).to.equal(
      undefined,
    );
    expect(clockOf({ ...lease('', '2026-01-01T00:00:07Z'), spec: {} })).to.equal(undefined);
  });

  it('is known better after two looks, and nothing from a renewal that was under way for long', () => {
    expect(closerClocks([clock(-750, 1_250)], [clock(-900, 1_100)])).to.deep.equal([clock(-750, 1_100)]);
    expect(closerClocks([clock(-4_500, -2_500)], [clock(-500, 1_500)])).to.deep.equal([clock(-500, 1_500)]);
    expect(closerClocks([clock(-500, 1_500)], [clock(-4_500, -2_500)])).to.deep.equal([clock(-500, 1_500)]);
    expect(closerClocks([], [clock(1, 2)])).to.deep.equal([clock(1, 2)]);
  });

  for (const [what, seen, error] of [
    ['right, as far as one look says', clock(-900, 1_900), 0],
    ['ahead', clock(29_200, 30_800), 30_000],
    ['behind', clock(-30_800, -29_200), -30_000],
  ] as const) {
    it(`may be ${what}`, () => expect(errorOf(seen)).to.equal(error));
  }

  it('is described in a sentence', () => {
    expect(
      clockSentences([clock(-750, 1_250), clock(-100, 300, 'n2'), clock(-31_000, -29_000, 'n3')]),
    ).to.deep.equal([
      "The clocks of 2 nodes are within 1.3 s of the API server's.",
      "The clock of node n3 is 29.0 s to 31.0 s behind the API server's. Its times are moved by the middle.",
    ]);
    expect(clockSentences(undefined)).to.deep.equal(['How far the clocks of the nodes differ is not known.']);
  });
});

describe('a run whose nodes have wrong clocks', () => {
  const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
  const pods = [
    { name: 'r-s-1-x', namespace: 'ns', node: 'late', component: 'suite' },
    { name: 'manager-0', namespace: 'bai', node: 'late', component: 'manager' },
    { name: 'agent-0', namespace: 'bai', node: 'right', component: 'agent' },
    { name: 'operator-0', namespace: 'ns', node: 'right', component: 'operator' },
  ].map((pod) => ({
    ...{ ...pod, phase: 'Running', createdAt: at(1), ready: { is: true, since: at(31) } },
    containers: [{ name: 'c', image: '', imageId: '', restarts: 0, startedAt: at(32) }],
  }));
  const error = `AssertionError: at 2026-01-01T00:00:40Z it was 1\nLast requests:\n  ${at(42)} GET /x\n    → 500 (0.500 s)`;
  const tests = [test('fails', { state: 'failed', startedAt: at(41), error })];
  const one = report('s', tests, { pod: 'r-s-1-x', startedAt: at(40), finishedAt: at(50) });
  const whole = run([suite('s', 'Failed')]);
  const event = {
    type: 'Warning',
    reason: 'Unhealthy',
    message: '',
    count: 1,
    namespace: 'bai',
    object: 'Pod/x',
  };
  const text = JSON.stringify({
    run: { ...whole, status: { ...whole.status, startedAt: at(5) } },
    reports: [{ ...one, metadata: { ...one.metadata, namespace: 'ns' } }],
    cluster: {
      ...{ pods, leases: [], missing: [] },
      events: [
        { ...event, at: at(35), node: 'late' },
        { ...event, at: at(35) },
      ],
      clocks: [clock(29_500, 30_500, 'late'), clock(-500, 500, 'right')],
    },
  });
  const file = readRunFile(text, 'run.json');

  it('has the times of attempts, containers and kubelets as the API server would have them', () => {
    const { run: moved, reports, cluster } = alignedRun(file);
    expect(reports[0]?.status).to.deep.include({ startedAt: at(10), finishedAt: at(20) });
    expect(reports[0]?.status?.tests?.[0]).to.deep.include({ startedAt: at(11) });
    expect(cluster.pods.map(({ createdAt, ready }) => [createdAt, ready?.since])).to.deep.equal([
      ...[
        [at(1), at(1)],
        [at(1), at(1)],
      ],
      ...[
        [at(1), at(31)],
        [at(1), at(31)],
      ],
    ]);
    expect(cluster.pods[1]?.containers[0]?.startedAt).to.equal(at(2));
    expect(cluster.events.map((each) => each.at)).to.deep.equal([at(5), at(35)]);
    expect(moved.status?.startedAt).to.equal(at(5));
  });

  it('has its requests with their test, and what a test says as it is', () => {
    expect(alignedRun(file).reports[0]?.status?.tests?.[0]?.error).to.equal(error.replace(at(42), at(12)));
  });

  it('has the lines of its logs where they belong', () => {
    const log = `${at(33)} one at ${at(40)}\nno time\n2026-01-01T00:00:34.123456789Z two`;
    const aligned = `${at(3)} one at ${at(40)}\nno time\n2026-01-01T00:00:04.123Z two`;
    expect(alignedLog(file, { namespace: 'bai', name: 'manager-0' }, log)).to.equal(aligned);
    expect(alignedLog(file, { namespace: 'bai', name: 'agent-0' }, log)).to.equal(log);
  });

  it('is the same run where all clocks are right', () => {
    const right = { ...file, cluster: { ...file.cluster, clocks: [clock(-500, 900, 'late')] } };
    expect(alignedRun(right)).to.equal(right);
  });
});
