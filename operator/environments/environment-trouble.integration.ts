import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conditionOf } from '@backendai-e2e/api/conditions';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { DEPLOYMENTS, EVENTS, PODS, STATEFUL_SETS } from '@backendai-e2e/kube/builtin-resources';
import { type FakeKubelet, startKubelet } from '@backendai-e2e/tools/envtest/doubles/fake-kubelet';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** A value that the chart's connection Secret holds. */
const CANARY = 'canary-Qy27-password';

describe('trouble in an environment', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  let kubelet: FakeKubelet;
  let operator: RunningOperator;
  const charts = mkdtempSync(join(tmpdir(), 'e2e-charts-'));
  let manager: { namespace: string; name: string };

  before(async () => {
    harness = await startOperatorHarness();
    manager = { namespace: harness.deploymentNamespace('tiny'), name: 'manager' };
    kubelet = await startKubelet(harness.plane);
    cpSync(harness.options().chartsDir, charts, { recursive: true });
    operator = harness.startOperator({ chartsDir: charts });
    await harness.environment('tiny', {
      chart: { name: 'tiny', values: { image: 'real:1', canary: CANARY } },
    });
    await seen('it is deployed', (environment) => conditionOf(environment.status?.conditions, 'Drifted'));
    await harness.waitForServiceAccount(manager.namespace);
  });
  after(async () => {
    await harness?.stop();
    await kubelet?.stop();
    rmSync(charts, { recursive: true });
  });

  /** Waits until the look at the environment finds something. */
  function seen<T>(what: string, look: (environment: TestEnvironment) => T | undefined | false): Promise<T> {
    return until(what, async () => {
      const environment = await harness.getEnvironment('tiny');
      const found = environment && look(environment);
      if (found !== undefined && found !== false) return found;
      throw new Error(JSON.stringify(environment?.status));
    }) as Promise<T>;
  }

  const drifted = (environment: TestEnvironment) => conditionOf(environment.status?.conditions, 'Drifted');
  const componentOf = (environment: TestEnvironment, name: string) =>
    environment.status?.components?.find((component) => component.name === name);

  it('as installed, there is no drift', async () => {
    const condition = await seen('no drift', (environment) => {
      const now = drifted(environment);
      return now?.status === 'False' && now;
    });
    expect(condition.reason).to.equal('AsInstalled');
  });

  it('drift names the changed fields, and ends when they are changed back', async () => {
    const change = (image: string, env: object[] | null) =>
      harness.client.mergePatch(DEPLOYMENTS, manager, {
        spec: { template: { spec: { containers: [{ name: 'main', image, env }] } } },
      });
    await change('other:2', [{ name: 'DEBUG', value: CANARY }]);
    const condition = await seen('the drift', (environment) => {
      const now = drifted(environment);
      return now?.status === 'True' && now;
    });
    expect(condition).to.deep.include({ reason: 'ChangedByHand' });
    expect(condition.message).to.equal(
      'container main of Deployment/manager has image other:2 instead of real:1; container main of Deployment/manager has other variables: DEBUG',
    );
    await change('real:1', null);
    await seen('it is gone', (environment) => drifted(environment)?.status === 'False');
  });

  it('a component that crashes is named with its last log lines and event, without secrets', async () => {
    const pod = await harness.client.create(PODS, {
      metadata: {
        namespace: manager.namespace,
        name: 'manager-one',
        labels: { 'app.kubernetes.io/component': 'manager' },
      },
      spec: { nodeName: kubelet.node, containers: [{ name: 'main', image: 'real:1' }] },
    });
    kubelet.log(pod, 'main', `first\nconnecting with ${CANARY}\nfatal: no such table\n`, true);
    await harness.client.create(EVENTS, {
      metadata: { namespace: manager.namespace, name: 'told' },
      involvedObject: { kind: 'Pod', namespace: manager.namespace, name: 'manager-one' },
      type: 'Warning',
      reason: 'BackOff',
      message: 'back-off restarting',
      lastTimestamp: '2026-01-01T00:00:00Z',
    });
    const status = {
      name: 'main',
      image: 'real:1',
      imageID: '',
      ready: false,
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    };
    await harness.client.mergePatch(
      PODS,
      { namespace: manager.namespace, name: 'manager-one' },
      { status: { phase: 'Running', containerStatuses: [status] } },
      { subresource: 'status' },
    );
    const component = await seen('the log', (environment) => {
      const found = componentOf(environment, 'manager');
      return found?.message?.includes('its log ends') === true && found;
    });
    expect(component.message).to.match(
      /CrashLoopBackOff: back-off 20s, last exit code 3 \(Error\); its log ends: first \| connecting with ••• \| fatal: no such table; last event: BackOff: back-off restarting/,
    );
    const whole = JSON.stringify(await harness.getEnvironment('tiny'));
    expect(whole.replaceAll(`"canary":"${CANARY}"`, '')).not.to.include(CANARY);
    await seen('Ready says so, too', (environment) => {
      const ready = conditionOf(environment.status?.conditions, 'Ready');
      return ready?.message.includes('fatal: no such table') === true;
    });
    expect(kubelet.asked.filter(({ pod: asked }) => asked === 'manager-one')).to.have.length(1);
  });

  it('reports a deleted component as missing', async () => {
    await harness.client.delete(STATEFUL_SETS, { namespace: manager.namespace, name: 'agent' });
    const component = await seen('agent is missing', (environment) => {
      const found = componentOf(environment, 'agent');
      return found?.message?.startsWith('it was deleted') === true && found;
    });
    expect(component).to.deep.include({ ready: 0, desired: 1, workload: 'StatefulSet/agent' });
    await seen('the drift', (environment) => {
      return drifted(environment)?.message.includes('StatefulSet/agent was deleted') === true;
    });
  });

  it('another chart in the next operator is installed, and takes back what was changed', async () => {
    const before = (await harness.getEnvironment('tiny'))?.status?.valuesHash;
    await operator.stop();
    const file = join(charts, 'tiny/Chart.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"1.2.3"', '"1.2.4"'));
    operator = harness.startOperator({ chartsDir: charts });
    await seen('the new version', (environment) => componentOf(environment, 'manager')?.version === '1.2.4');
    const status = await seen('no drift', (environment) => {
      return drifted(environment)?.status === 'False' && environment.status;
    });
    expect(status.valuesHash).not.to.equal(before);
    expect(
      await harness.client.get(STATEFUL_SETS, { namespace: manager.namespace, name: 'agent' }),
    ).to.have.nested.property('metadata.name', 'agent');
  });
});
