import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { LIMITS } from '@backendai-e2e/api/limits';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { JOBS } from '@backendai-e2e/kube/builtin-resources';
import { finalReport } from '@backendai-e2e/tools/envtest/doubles/final-report';
import { ShiftedClock } from '@backendai-e2e/tools/envtest/doubles/shifted-clock';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { endOf } from '@backendai-e2e/tools/envtest/processes/process-end';
import {
  type FaultInjectingProxy,
  type FaultRule,
  startFaultInjectingProxy,
  through,
} from '@backendai-e2e/tools/envtest/proxies/fault-injecting-proxy';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

const RUNNER = fileURLToPath(new URL('../suites/runner/main.ts', import.meta.url));

describe('storms', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let proxy: FaultInjectingProxy;
  let plain: FaultInjectingProxy | undefined;

  before(async () => {
    harness = await startOperatorHarness();
    await harness.suite('alpha', { retries: 1 });
    await harness.suite('beta');
    await harness.suite('flood', { onDemand: true });
    proxy = await startFaultInjectingProxy(harness.plane);
  });
  after(async () => {
    await harness?.stop();
    await proxy?.stop();
    await plain?.stop();
  });

  const startOperator = (changes: Parameters<OperatorHarness['startOperator']>[0] = {}): RunningOperator => {
    const { kubeConfig } = harness.options();
    return harness.startOperator({ kubeConfig: through(proxy, kubeConfig), ...changes });
  };

  /** A run of two suites. The first one needs a second attempt; `midway` is called while it runs. */
  async function play(name: string, midway: () => Promise<void> | void = () => undefined): Promise<TestRun> {
    await harness.environment(name);
    await harness.run(name, name);
    await until(`${name} has a pod`, () => harness.pod(`${name}-alpha-1`));
    await harness.report(`${name}-alpha-1`, { startedAt: new Date().toISOString() });
    await midway();
    await harness.report(`${name}-alpha-1`, finalReport('Failed'));
    for (const attempt of [`${name}-alpha-2`, `${name}-beta-1`]) {
      await until(`${attempt} has a pod`, () => harness.pod(attempt));
      await harness.report(attempt, finalReport('Passed'));
    }
    return harness.finished(name);
  }

  async function expectUndisturbed(run: TestRun): Promise<void> {
    expect(run.status).to.deep.include({ phase: 'Succeeded', verdict: 'Flaky' });
    const lines = run.status?.suites?.map(({ name, verdict, attempt }) => [name, verdict, attempt]);
    expect(lines).to.deep.equal([
      ['alpha', 'Flaky', 2],
      ['beta', 'Passed', 1],
    ]);
    const labelSelector = `e2e.backend.ai/run=${run.metadata.name}`;
    const { items } = await harness.client.list(JOBS, { namespace: harness.namespace, labelSelector });
    expect(items.map(({ metadata }) => metadata.name).sort()).to.deep.equal(
      ['alpha-1', 'alpha-2', 'beta-1'].map((attempt) => `${run.metadata.name}-${attempt}`),
    );
  }

  // An answer of 500 is not repeated by the client. Every n-th such one could always meet the same request of a reconcile.
  const rules: [string, string, FaultRule][] = [
    [
      'every third request gets 429',
      'busy',
      ({ number }) => (number % 3 === 0 ? { code: 429, retryAfterSeconds: 1 } : undefined),
    ],
    [
      'one request in four gets 500',
      'broken',
      ({ number }) => (scattered(number) < 0.25 ? { code: 500 } : undefined),
    ],
    ['one write in three gets 500 after it took effect', 'late', oneWriteInThree({ code: 500, late: true })],
    [
      'every second update gets 409, as if another client had written first',
      'conflict',
      ({ method, number }) => (method === 'PATCH' && number % 2 === 0 ? { code: 409 } : undefined),
    ],
    [
      'every other request gets 503',
      'away',
      ({ number }) => (number % 2 === 0 ? { code: 503, retryAfterSeconds: 0 } : undefined),
    ],
  ];
  for (const [what, name, rule] of rules) {
    it(`${what}: the run ends as without it`, async () => {
      proxy.injected.clear();
      const operator = startOperator();
      proxy.rule = rule;
      try {
        await expectUndisturbed(await play(name));
      } finally {
        proxy.rule = () => undefined;
        await operator.stop();
      }
      expect([...proxy.injected.values()].reduce((sum, count) => sum + count, 0)).to.be.greaterThan(4);
    });
  }

  it('an attempt is refused for one of two reasons in turn: the pauses grow, and the run goes on', async () => {
    await harness.environment('turns');
    const tries: number[] = [];
    proxy.rule = ({ method, path }) => {
      if (method !== 'POST' || !path.includes('/serviceaccounts')) return undefined;
      tries.push(performance.now());
      // The run's status says why. So each try changes the run, which its operator watches.
      return { code: tries.length % 2 === 0 ? 500 : 503 };
    };
    const operator = startOperator();
    try {
      await harness.run('turns', 'turns', { suites: { names: ['beta'] } });
      const seen = await until('its attempt was tried nine times', () => {
        if (tries.length >= 9) return tries.slice(0, 9);
        throw new Error(`${tries.length} times`);
      });
      const between = seen.slice(1).map((at, index) => Math.round(at - (seen[index] ?? 0)));
      const pauses = [5, 10, 20, 40, 80, 160, 320, 640];
      // A timer of Node may end a millisecond early.
      expect(
        between.filter((ms, index) => ms < (pauses[index] ?? 0) - 2),
        between.join(),
      ).to.deep.equal([]);
    } finally {
      proxy.rule = () => undefined;
    }
    await harness.attempt('turns-beta-1', 'Passed');
    expect((await harness.finished('turns')).status?.verdict).to.equal('Passed');
    await operator.stop();
  });

  it('nothing but 500 for five seconds, watches cut: the run goes on after it', async () => {
    const operator = startOperator();
    const run = await play('dark', async () => {
      proxy.rule = () => ({ code: 500 });
      const before = proxy.injected.get(500) ?? 0;
      const end = performance.now() + 5_000;
      await harness.report('dark-alpha-1', { current: 'in the dark' });
      await until('five seconds of it have passed', () => performance.now() >= end);
      proxy.rule = () => undefined;
      expect(proxy.injected.get(500) ?? 0).to.be.greaterThan(before);
    });
    await expectUndisturbed(run);
    await operator.stop();
  });

  it('watches are cut again and again for three seconds: the run goes on, and misses nothing', async () => {
    const operator = startOperator();
    const run = await play('cut', async () => {
      const end = performance.now() + 3_000;
      await until('three seconds of it have passed', () => {
        proxy.cut();
        return performance.now() >= end;
      });
    });
    await expectUndisturbed(run);
    await operator.stop();
  });

  it('etcd stops for six seconds: nothing is lost, the leader remains', async () => {
    // By default, a leader stops 10 s after it sent its last renewal, up to 2 s before etcd stops. The 2 s that are left are too
    // few for the API server of a busy machine. Without a leader, the run would never end.
    const leaseTimes = { leaseDurationMs: 120_000, renewDeadlineMs: 90_000 };
    const operator = startOperator({ electionIdentity: 'only', leaseTimes });
    const run = await play('still', async () => {
      await harness.plane.pauseEtcd(6_000);
    });
    await expectUndisturbed(run);
    await operator.stop();
  });

  for (const [name, hours] of [
    ['ahead', 1],
    ['back', -1],
  ] as const) {
    it(`the clock is moved by ${hours} h in mid-run: the result is the same`, async () => {
      const clock = new ShiftedClock();
      const operator = startOperator({ clock });
      const run = await play(name, () => clock.move(hours));
      await expectUndisturbed(run);
      await operator.stop();
    });
  }

  it('the clock is set back by an hour: a run that hangs still ends in time', async () => {
    const clock = new ShiftedClock();
    const operator = startOperator({ clock });
    await harness.environment('hangs');
    await harness.run('hangs', 'hangs', { suites: { names: ['beta'] }, timeoutSeconds: 3 });
    await harness.pod('hangs-beta-1');
    clock.move(-1);
    const run = await harness.finished('hangs');
    expect(conditionOf(run.status?.conditions, 'Succeeded')?.reason).to.equal('TimedOut');
    await operator.stop();
  });

  it('500 tests in one suite, with ten times the errors that a report takes: cut, counted, and told', async () => {
    const token = harness.plane.user('admin').token;
    plain = await startFaultInjectingProxy(harness.plane, { token });
    const operator = harness.startOperator();
    await harness.environment('flood');
    await harness.run('flood', 'flood', { suites: { names: ['flood'] } });
    await harness.pod('flood-flood-1');
    const child = spawn(process.execPath, [RUNNER], {
      env: {
        E2E_FILES: '["runner/fixtures/flood"]',
        E2E_SUITE: 'flood',
        E2E_REPORT: 'flood-flood-1',
        E2E_NAMESPACE: harness.namespace,
        E2E_API_SERVER: plain.url,
      },
      stdio: 'ignore',
    });
    expect(await endOf(child)).to.equal(1);
    const run = await harness.finished('flood');
    const counts = { total: 500, passed: 0, failed: 500, pending: 0, interrupted: 0 };
    expect(run.status?.counts).to.deep.include(counts);
    expect(run.status?.suites?.[0]?.message).to.match(/^flood › number 1: .*number 1 x/);
    const report = await harness.getReport('flood-flood-1');
    expect(report?.status?.counts).to.deep.include(counts);
    const bytes = Buffer.byteLength(JSON.stringify(report?.status));
    expect(bytes).to.be.within(0.9 * LIMITS.reportBytes, LIMITS.reportBytes);
    expect(report?.status?.tests).to.have.length(500);
    expect(report?.status?.omitted?.errorBytes).to.be.greaterThan(9 * LIMITS.reportBytes);
    expect(Buffer.byteLength(JSON.stringify(run.status))).to.be.below(LIMITS.runBytes);
    await operator.stop();
  });
});

/** A number from 0 up to 1 for each number, the same each time, and without a beat (MurmurHash3's finalizer). */
function scattered(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** A fault for one write of each three: now the first of them, now another. */
function oneWriteInThree(fault: ReturnType<FaultRule>): FaultRule {
  let writes = 0;
  return ({ method }) => {
    if (method === 'GET') return undefined;
    const [group, place] = [Math.floor(writes / 3), writes % 3];
    writes += 1;
    return place === Math.floor(scattered(group) * 3) ? fault : undefined;
  };
}
