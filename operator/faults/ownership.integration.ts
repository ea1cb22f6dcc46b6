import { conditionOf } from '@backendai-e2e/api/conditions';
import type { FaultStatus } from '@backendai-e2e/api/fault';
import { FAULTS, TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import { DEPLOYMENTS, NAMESPACES, PODS, ROLE_BINDINGS } from '@backendai-e2e/kube/builtin-resources';
import { ShiftedClock } from '@backendai-e2e/tools/envtest/doubles/shifted-clock';
import { type FaultHarness, startFaultHarness } from '@backendai-e2e/tools/envtest/operator/fault-harness';
import type { RunningOperator } from '@backendai-e2e/tools/envtest/operator/harness';
import { makeTinyReady } from '@backendai-e2e/tools/envtest/operator/tiny-chart';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

describe('the namespace of an environment', function () {
  this.timeout(LAST_RESORT_MS);
  let faults: FaultHarness;
  let operator: RunningOperator;
  const clock = new ShiftedClock();
  const start = () => faults.harness.startOperator({ faultImage: 'tools:test', clock });

  before(async () => {
    faults = await startFaultHarness();
    operator = start();
  });
  after(() => faults?.stop());

  const environments = () => ({ namespace: faults.harness.namespace });
  const ready = (name: string, what: string, isIt: (status: string, reason: string) => boolean) =>
    until(`environment ${name}: ${what}`, async () => {
      const seen = await faults.harness.getEnvironment(name);
      const condition = conditionOf(seen?.status?.conditions, 'Ready');
      if (condition && isIt(condition.status, condition.reason)) return condition;
      throw new Error(JSON.stringify(seen?.status));
    });
  const status = (name: string, what: string, isIt: (status: FaultStatus) => boolean) =>
    until(`fault ${name}: ${what}`, async () => {
      const fault = await faults.fault(name);
      if (fault?.status && isIt(fault.status)) return fault.status;
      throw new Error(JSON.stringify(fault));
    });

  it('belongs to one environment: another that names it breaks nothing there, and learns whose it is', async () => {
    const { client, harness, namespace } = faults;
    await faults.pod('spared', 'spared');
    await client.mergePatch(
      TEST_ENVIRONMENTS,
      { ...environments(), name: 'broken' },
      { spec: { disruption: 'Forbidden' } },
    );
    await harness.environment('alias', { chart: { name: 'tiny' }, namespace, disruption: 'Allowed' });
    const seen = await ready('alias', 'refused', (_, reason) => reason === 'NamespaceTaken');
    expect(seen.message).to.include(`belongs to TestEnvironment ${harness.namespace}/broken`);
    await client.create(FAULTS, {
      metadata: { name: 'through', ...environments() },
      spec: {
        environmentRef: { name: 'alias' },
        target: { component: 'spared' },
        podDelete: { force: true },
      },
    });
    const { conditions } = await status('through', 'refused', ({ phase }) => phase === 'Refused');
    const accepted = conditionOf(conditions, 'Accepted');
    expect(accepted).to.deep.include({ status: 'False', reason: 'NotPermitted' });
    expect(accepted?.message).to.include(`belongs to TestEnvironment ${harness.namespace}/broken`);
    expect((await faults.podNow('spared'))?.metadata.deletionTimestamp).to.equal(undefined);
  });

  it('is still watched for its environment when the other one is deleted', async () => {
    const { client, harness, namespace } = faults;
    await makeTinyReady(client, namespace, 1);
    await ready('broken', 'ready', (is) => is === 'True');
    await client.delete(TEST_ENVIRONMENTS, { ...environments(), name: 'alias' });
    await until('the other is gone', async () => !(await harness.getEnvironment('alias')));
    const manager = { namespace, name: 'manager' };
    const down = { status: { replicas: 1, readyReplicas: 0 } };
    await client.mergePatch(DEPLOYMENTS, manager, down, { subresource: 'status' });
    await ready('broken', 'not ready', (is, reason) => is === 'False' && reason === 'ComponentsNotReady');
    await makeTinyReady(client, namespace, 1);
    await client.mergePatch(
      TEST_ENVIRONMENTS,
      { ...environments(), name: 'broken' },
      { spec: { disruption: 'Allowed' } },
    );
  });

  it('gets its workloads back after an operator that was away for long, which waits for them', async () => {
    const { client, namespace } = faults;
    const at = { namespace, name: 'scaled' };
    await faults.deployment('scaled', 2);
    await faults.pod('scaled-a', 'scaled');
    await faults.ask('late', { target: { component: 'scaled' }, scaleToZero: {}, durationSeconds: 60 });
    const replicas = async () => (await client.get(DEPLOYMENTS, at))?.spec?.replicas;
    await until('it is scaled to zero', async () => (await replicas()) === 0);
    await faults.gone('scaled-a');
    await status('late', 'in force', ({ phase }) => phase === 'InForce');
    await operator.stop();
    clock.move(1);
    operator = start();
    await until('it is scaled back', async () => (await replicas()) === 2);
    await status('late', 'healed, not yet seen', ({ healedAt }) => healedAt !== undefined);
    expect((await faults.fault('late'))?.status?.phase).to.equal('Healing');
    await client.mergePatch(
      DEPLOYMENTS,
      at,
      { status: { replicas: 2, readyReplicas: 2 } },
      { subresource: 'status' },
    );
    await status('late', 'healed', ({ phase }) => phase === 'Healed');
  });

  it('does not hold its faults when it is deleted before them, with the rights in it', async () => {
    const { client, namespace } = faults;
    const pod = await faults.pod('kept', 'kept');
    await faults.ask('orphan', { target: { component: 'kept' }, pause: {}, durationSeconds: 600 });
    await faults.tool(pod, 'pause', ['injected', 'inForce']);
    await status('orphan', 'in force', ({ phase }) => phase === 'InForce');
    // As Kubernetes before 1.33 does it: the operator's RoleBinding goes first, and the pod outlives it.
    const finalizers = { metadata: { finalizers: ['example.org/kept'] } };
    await client.mergePatch(PODS, { namespace, name: 'kept' }, finalizers);
    await client.delete(ROLE_BINDINGS, { namespace, name: 'backendai-e2e-operator' });
    await client.delete(NAMESPACES, { name: namespace });
    await client.delete(FAULTS, { ...environments(), name: 'orphan' });
    await until('the fault is gone', async () => !(await faults.fault('orphan')));
    await client.mergePatch(PODS, { namespace, name: 'kept' }, { metadata: { finalizers: null } });
  });
});
