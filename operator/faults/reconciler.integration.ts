import { conditionOf } from '@backendai-e2e/api/conditions';
import type { Fault, FaultSpec } from '@backendai-e2e/api/fault';
import { FAULTS, TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { DEPLOYMENTS, NAMESPACES, type Pod } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import { type FaultHarness, startFaultHarness } from '@backendai-e2e/tools/envtest/operator/fault-harness';
import type { OperatorHarness, RunningOperator } from '@backendai-e2e/tools/envtest/operator/harness';
import { makeTinyReady } from '@backendai-e2e/tools/envtest/operator/tiny-chart';
import { endOf } from '@backendai-e2e/tools/envtest/processes/process-end';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('faults', function () {
  this.timeout(LAST_RESORT_MS);
  let faults: FaultHarness;
  let harness: OperatorHarness;
  let operator: RunningOperator;
  /** The namespace in which the environment is deployed. */
  let where: string;
  /** The pod that holds the lock of the leader, as the operator reads it. */
  let holder: string | undefined;

  before(async () => {
    faults = await startFaultHarness();
    ({ harness, namespace: where } = faults);
    await harness.environment('careful');
    operator = start();
    // The operator reads the leader with the connection. Without the connection, it refuses the fault.
    await until('the environment has its connection', async () => {
      return (await harness.getEnvironment('broken'))?.status?.connectionSecret;
    });
  });
  after(() => faults?.stop());

  function start(): RunningOperator {
    return harness.startOperator({ faultImage: 'tools:test', holderOf: async () => holder });
  }

  const seen = <T>(name: string, what: string, look: (fault: Fault) => T | undefined): Promise<T> =>
    until(`fault ${name}: ${what}`, async () => {
      const now = await faults.fault(name);
      const value = now && look(now);
      if (value === undefined) throw new Error(JSON.stringify(now?.status));
      return value;
    });
  const refused = (name: string) =>
    seen(name, 'refused', (now) => {
      const accepted = conditionOf(now.status?.conditions, 'Accepted');
      return accepted?.status === 'False' ? accepted : undefined;
    });

  const toolsOf = (now: Pod | undefined) => now?.spec?.ephemeralContainers ?? [];
  const tool = (name: string, action: string) =>
    until(`a tool ${action} is put into pod ${name}`, async () => {
      const now = await faults.podNow(name);
      return toolsOf(now).find((container) => container.args?.[0] === action) && now;
    });

  it('are refused where the environment forbids disruption, with what to do', async () => {
    await faults.ask('forbidden', { target: { component: 'manager' }, podDelete: {} }, 'careful');
    expect((await refused('forbidden')).message).to.match(/careful forbids disruption.*spec\.disruption/);
    expect((await faults.fault('forbidden'))?.metadata.finalizers ?? []).to.deep.equal([]);
  });

  it('are refused where there is nothing to break, or it cannot be done', async () => {
    await faults.pod('closed', 'closed', undefined, false);
    await faults.ask('nobody', { target: { component: 'ghost' }, podDelete: {} });
    await faults.ask('nowhere', { target: { component: 'a' }, podDelete: {} }, 'nowhere');
    await faults.ask('unshared', { target: { component: 'closed' }, pause: {} });
    await faults.ask('headless', { target: { component: 'manager', leader: 'scheduler' }, podDelete: {} });
    expect((await refused('nobody')).reason).to.equal('NoTargets');
    expect((await refused('nowhere')).reason).to.equal('EnvironmentNotFound');
    expect((await refused('unshared')).message).to.include('shareProcessNamespace');
    expect((await refused('headless')).reason).to.equal('LeaderUnknown');
    expect((await faults.fault('unshared'))?.status?.injectedAt).to.equal(undefined);
  });

  it('are refused by the API server when they ask for nothing, for two things, or change', async () => {
    const target = { component: 'a' };
    const wrong = async (name: string, spec: Omit<FaultSpec, 'environmentRef'>, said: RegExp) => {
      const error: unknown = await faults.ask(name, spec).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(String(error)).to.match(said);
    };
    await wrong('none', { target }, /exactly one of podDelete/);
    await wrong('two', { target, podDelete: {}, pause: {} }, /exactly one of podDelete/);
    await wrong('both', { target: { component: 'a', pod: 'b', count: 1 }, pause: {} }, /at most one of pod/);
    await wrong('lead', { target: { component: 'a', leader: 'scheduler' }, pause: {} }, /component manager/);
    await wrong('part', { target: { component: 'a', pod: 'b' }, scaleToZero: {} }, /whole component/);
    await wrong('long', { target, pause: {}, durationSeconds: 601 }, /less than or equal to 600/);
    await faults.ask('fixed', { target: { component: 'ghost' }, pause: {} });
    const change = (spec: object) =>
      harness.client
        .mergePatch(FAULTS, { namespace: harness.namespace, name: 'fixed' }, { spec })
        .then(() => undefined, String);
    expect(await change({ durationSeconds: 5 })).to.match(/durationSeconds cannot change/);
    expect(await change({ pause: null, kill: {} })).to.match(/pause cannot change/);
    expect(await change({ heal: true })).to.equal(undefined);
    expect(await change({ heal: false })).to.match(/heal cannot change back/);
  });

  it('delete the pod that holds the lock, and no other; healed when as many are ready as are wanted', async () => {
    await faults.pod('manager-a', 'manager');
    await faults.pod('manager-b', 'manager');
    holder = 'manager-manager-b-0';
    await faults.ask('leader', {
      target: { component: 'manager', leader: 'scheduler' },
      podDelete: { force: true },
    });
    const status = await seen('leader', 'seen healed', (now) =>
      now.status?.seenHealedAt ? now.status : undefined,
    );
    expect(status.targets?.map((target) => target.pod)).to.deep.equal(['manager-b']);
    expect(status.targets?.[0]?.inForceEvidence).to.match(/no longer has pod manager-b with uid/);
    expect(status.targets?.[0]?.healedEvidence).to.match(/1 of 1 pods .* are ready: manager-a/);
    expect(await faults.podNow('manager-b')).to.equal(undefined);
    expect(await faults.podNow('manager-a')).not.to.equal(undefined);
    await seen('leader', 'lets go', (now) => (now.metadata.finalizers ?? []).length === 0 || undefined);
  });

  it('put one tool into the target, with one capability, and wait for its proof', async () => {
    await faults.pod('frozen', 'web');
    await faults.ask('pausing', { target: { component: 'web' }, pause: {}, durationSeconds: 30 });
    const now = await tool('frozen', 'pause');
    const [container, ...more] = toolsOf(now);
    expect(more).to.deep.equal([]);
    expect(container?.args).to.include.members(['pause', '--container', 'c0ffee', '--seconds', '30']);
    expect(container?.targetContainerName).to.equal('main');
    expect(container?.securityContext?.capabilities).to.deep.equal({ add: ['KILL'], drop: ['ALL'] });
    // The tool starts before the status mentions it.
    const status = await seen('pausing', 'told as being injected', (fault) =>
      conditionOf(fault.status?.conditions, 'InForce') ? fault.status : undefined,
    );
    expect(status).to.include({ phase: 'Injecting', action: 'pause' });
    expect(conditionOf(status.conditions, 'InForce')?.status).to.equal('Unknown');
  });

  it('whose target is gone are healed', async () => {
    await faults.gone('frozen');
    const status = await seen('pausing', 'healed', (now) =>
      now.status?.seenHealedAt ? now.status : undefined,
    );
    expect(status.targets?.[0]?.healedEvidence).to.match(/no longer has pod frozen with uid/);
  });

  it('survive a killed operator: the next one does nothing twice, and releases a lost target', async () => {
    await operator.stop();
    await faults.pod('cut', 'cut');
    await faults.pod('valkey-0', 'valkey', '10.1.1.9');
    const child = harness.startProcess(['--fault-image=tools:test']);
    await faults.ask('partition', {
      target: { component: 'cut' },
      networkPartition: { from: { component: 'valkey' }, ports: [6379] },
    });
    const before = await tool('cut', 'partition');
    child.kill('SIGKILL');
    await endOf(child);
    const [container] = toolsOf(before);
    expect(container?.args).to.include.members(['--peers', '10.1.1.9', '--probes', '10.1.1.9:6379']);
    await harness.client.delete(FAULTS, { namespace: harness.namespace, name: 'partition' });
    expect((await faults.fault('partition'))?.metadata.deletionTimestamp).not.to.equal(undefined);
    operator = start();
    await faults.gone('cut');
    await until('the fault is gone', async () => (await faults.fault('partition')) === undefined);
    expect(toolsOf(before)).to.have.length(1);
  });

  it('scale to zero and back to what it was, also by another operator than the one that began', async () => {
    await faults.deployment('scaled', 3);
    await faults.pod('scaled-1', 'scaled');
    const replicas = async () =>
      (await harness.client.get(DEPLOYMENTS, { namespace: where, name: 'scaled' }))?.spec?.replicas;
    await faults.ask('down', { target: { component: 'scaled' }, scaleToZero: {}, durationSeconds: 600 });
    await until('it is scaled to 0', async () => (await replicas()) === 0);
    await operator.stop();
    await harness.client.delete(FAULTS, { namespace: harness.namespace, name: 'down' });
    operator = start();
    await until('it is scaled back', async () => (await replicas()) === 3);
    await harness.client.mergePatch(
      DEPLOYMENTS,
      { namespace: where, name: 'scaled' },
      { status: { replicas: 3, readyReplicas: 3 } },
      { subresource: 'status' },
    );
    await until('the fault is gone', async () => (await faults.fault('down')) === undefined);
  });

  describe('of a suite', () => {
    let attempt: string;
    let suite: KubeClient;

    before(async () => {
      await harness.suite('breaker', { disruptive: true, needs: ['manager'] });
      await makeTinyReady(harness.client, where, 1);
      await harness.run('run', 'broken', { suites: { names: ['breaker'] }, environmentTimeoutSeconds: 60 });
      attempt = 'run-breaker-1';
      await harness.pod(attempt);
      const access = await harness.plane.serviceAccount(harness.namespace, attempt);
      suite = new KubeClient(access.kubeConfig);
    });
    after(() => suite?.close());

    const ask = (name: string, report: string, environment = 'broken') =>
      suite.create(FAULTS, {
        metadata: { name, namespace: harness.namespace, labels: { 'e2e.backend.ai/report': report } },
        spec: { environmentRef: { name: environment }, target: { component: 'asked' }, pause: {} },
      });

    it('are asked for in its own name only, and for its own environment', async () => {
      await faults.pod('asked', 'asked');
      // Its rights come beside its pod, and the API server needs a moment for a new policy. Until then it accepts a name once.
      let asked = 0;
      await until('the policy refuses the name of another', async () => {
        asked += 1;
        const said = await ask(`foreign-${asked}`, 'another-attempt').then(() => 'accepted', String);
        if (!/in its own name only/.test(said)) throw new Error(said);
        return true;
      });
      await ask('elsewhere', attempt, 'careful');
      expect((await refused('elsewhere')).status).to.equal('False');
      const other = { namespace: harness.namespace, name: 'leader' };
      expect(await suite.delete(FAULTS, other).then(() => undefined, String)).to.match(/its own Faults only/);
    });

    it('heal when its attempt ends', async () => {
      await ask('own', attempt);
      await tool('asked', 'pause');
      await harness.report(attempt, {
        final: true,
        verdict: 'Failed',
        counts: { total: 1, passed: 0, failed: 1, pending: 0, interrupted: 0 },
      });
      await faults.gone('asked');
      await seen('own', 'healed', (now) => now.status?.seenHealedAt);
      await ask('late', attempt);
      expect((await refused('late')).message).to.include('has ended');
    });
  });

  describe('in an environment', () => {
    it('that is deleted do not hold it', async () => {
      await faults.pod('held', 'held');
      await faults.ask('held', { target: { component: 'held' }, pause: {}, durationSeconds: 600 });
      await tool('held', 'pause');
      await harness.client.delete(TEST_ENVIRONMENTS, { namespace: harness.namespace, name: 'broken' });
      const status = await seen('held', 'healed', (now) =>
        now.status?.seenHealedAt ? now.status : undefined,
      );
      expect(status.targets?.[0]?.healedEvidence).to.match(/gone/);
      await faults.gone('held');
      await until('the namespace goes', async () => {
        const now = await harness.client.get(NAMESPACES, { name: where });
        return now === undefined || now.metadata.deletionTimestamp !== undefined;
      });
    });
  });
});
