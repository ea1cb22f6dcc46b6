import { TEST_SUITES } from '@backendai-e2e/api/resources';
import { isInvalid } from '@backendai-e2e/kube/api-error';
import { JOBS, PODS } from '@backendai-e2e/kube/builtin-resources';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { lineOf } from '@backendai-e2e/tools/envtest/operator/run-status';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';

/** A policy that denies the creation of objects of a suite, in one namespace. */
function policy(name: string, namespace: string, [group, resource]: [string, string], suite: string): string {
  return `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: ${name}}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: ["${group}"], apiVersions: ["*"], operations: [CREATE], resources: [${resource}]}]
  validations:
    - expression: "!has(object.metadata.labels) || !('e2e.backend.ai/suite' in object.metadata.labels) || object.metadata.labels['e2e.backend.ai/suite'] != '${suite}'"
      message: no ${resource} of this suite
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: ${name}}
spec:
  policyName: ${name}
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}}
`;
}

/** What Pod Security asks of a container. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

describe('an attempt whose objects the API server refuses', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;

  before(async () => {
    harness = await startOperatorHarness();
    const { namespace } = harness;
    const denied: [string, [string, string]][] = [
      ['denied-job', ['batch', 'jobs']],
      ['denied-account', ['', 'serviceaccounts']],
      ['denied-role', ['rbac.authorization.k8s.io', 'roles']],
      ['denied-report', ['e2e.backend.ai', 'testreports']],
      ['denied-pod', ['', 'pods']],
    ];
    await harness.suite('alpha');
    for (const [suite, resource] of denied) {
      await harness.suite(suite);
      await harness.plane.applyYaml(policy(`${namespace}-${suite}`, namespace, resource, suite));
    }
    // The CRD accepts it, the Job does not: "foo" is no resource of a container.
    await harness.suite('odd-resource', { resources: { limits: { foo: '1' } } });
    await harness.environment('ext');
    await until('the policies are in force', async () => {
      const probe = { name: 'probe', namespace, labels: { 'e2e.backend.ai/suite': 'denied-report' } };
      const spec = { run: 'r', suite: 's', attempt: 1 };
      const resource = { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestReport', plural: 'testreports' };
      // The cast: only the metadata of the resource is typed.
      const made = harness.client.create(resource, { metadata: probe, spec } as never);
      const error = await made.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!error) await harness.client.delete(resource, { namespace, name: 'probe' });
      return error !== undefined;
    });
    harness.startOperator();
  });
  after(() => harness?.stop());

  const refusals: [string, string, RegExp, boolean][] = [
    ['odd-resource', 'AttemptRefused', /create jobs .* "?foo"?.*standard resource/s, true],
    ['denied-job', 'AttemptRefused', /create jobs .*no jobs of this suite/s, true],
    ['denied-account', 'AttemptRefused', /create serviceaccounts .*no serviceaccounts of this suite/s, true],
    ['denied-role', 'AttemptRefused', /create roles .*no roles of this suite/s, true],
    ['denied-report', 'AttemptRefused', /create testreports .*no testreports of this suite/s, false],
    ['denied-pod', 'FailedCreate', /cannot create its pod: .*no pods of this suite/s, true],
  ];
  for (const [suite, reason, says, hasReport] of refusals) {
    it(`ends its line as ${reason} (${suite}), and holds up neither the other suites nor later runs`, async () => {
      const behind = `${suite}-2`;
      await harness.run(suite, 'ext', { suites: { names: [suite, 'alpha'] } });
      await harness.run(behind, 'ext', { suites: { names: ['alpha'] } });
      await harness.attempt(`${suite}-alpha-1`, 'Passed');
      const run = await harness.finished(suite);
      expect(lineOf(run, suite)).to.deep.include({ state: 'Finished', verdict: 'Interrupted', reason });
      expect(lineOf(run, suite)?.message).to.match(says);
      expect(lineOf(run, 'alpha')).to.deep.include({ verdict: 'Passed' });
      await harness.hasEvents(suite, ['SuiteInterrupted']);
      const report = await harness.getReport(`${suite}-${suite}-1`);
      expect(report?.status?.final).to.equal(hasReport ? true : undefined);
      const at = { namespace: harness.namespace, name: `${suite}-${suite}-1` };
      await until('its Job is gone', async () => !(await harness.client.get(JOBS, at)));
      await harness.attempt(`${behind}-alpha-1`, 'Passed');
      expect((await harness.finished(behind)).status?.verdict).to.equal('Passed');
    });
  }

  it('ends within seconds where a quota refuses its pod', async () => {
    const { namespace } = harness;
    await harness.plane.applyYaml(
      `{apiVersion: v1, kind: ResourceQuota, metadata: {name: full, namespace: ${namespace}}, spec: {hard: {limits.cpu: "1"}}}`,
    );
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas' };
    // Plays the quota controller.
    const status = { hard: { 'limits.cpu': '1' }, used: { 'limits.cpu': '0' } };
    await harness.client.mergePatch(
      quota,
      { namespace, name: 'full' },
      { status },
      { subresource: 'status' },
    );
    await until('the quota is in force', async () => {
      const container = { name: 'c', image: 'i', securityContext: RESTRICTED };
      const probe = { metadata: { name: 'probe', namespace }, spec: { containers: [container] } };
      const error = await harness.client.create(PODS, probe).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!error) await harness.client.delete(PODS, { namespace, name: 'probe' });
      return String(error).includes('quota');
    });
    await harness.run('quota', 'ext', { suites: { names: ['alpha'] } });
    const run = await harness.finished('quota');
    expect(lineOf(run, 'alpha')).to.deep.include({ verdict: 'Interrupted', reason: 'FailedCreate' });
    expect(lineOf(run, 'alpha')?.message).to.include('quota');
    await harness.client.delete(quota, { namespace, name: 'full' });
    await harness.run('no-quota', 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt('no-quota-alpha-1', 'Passed');
    expect((await harness.finished('no-quota')).status?.verdict).to.equal('Passed');
  });

  it('is found when the TestSuite is created, where its quantities or its image are wrong', async () => {
    const wrong = [
      { resources: { limits: { memory: 'lots' } } },
      { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
      { image: 'suites:test ' },
    ];
    for (const spec of wrong) {
      const error = await harness.suite('wrong', spec).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(isInvalid(error), JSON.stringify(spec)).to.equal(true);
    }
    const at = { namespace: harness.namespace, name: 'wrong' };
    expect(await harness.client.get(TEST_SUITES, at)).to.equal(undefined);
  });
});
