import { RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import { expect } from 'chai';
import { attemptAccess } from './attempt-access.ts';
import { attemptJob, type JobInput, NOT_STARTED_EXIT, specIn, undoJob } from './attempt-job.ts';

const input: JobInput = {
  name: 'nightly-alpha-2',
  namespace: 'ns',
  labels: { run: 'nightly' },
  owner: {
    apiVersion: 'e2e.backend.ai/v1alpha1',
    kind: 'TestRun',
    name: 'nightly',
    uid: 'u',
    controller: true,
  },
  run: 'nightly',
  environment: 'e2e',
  suite: 'alpha',
  attempt: 2,
  since: '2026-01-01T00:00:00Z',
  spec: { files: ['area/one', 'area/two'], image: 'suites:1', timeoutSeconds: 100 },
  grep: 'adds \\d+$',
  rounds: 10,
  queueName: undefined,
  connectionSecret: 'e2e-connection',
};

describe('attemptJob', () => {
  const spec = attemptJob(input).spec;
  const pod = spec?.template?.spec;
  const container = pod?.containers?.[0];
  const env = new Map(container?.env?.map((entry) => [entry.name, entry.value]));

  it("never retries a test, and ends after the runner's own deadline", () => {
    expect(spec).to.deep.include({
      backoffLimit: 0,
      activeDeadlineSeconds: 220,
      podReplacementPolicy: 'Failed',
    });
    expect(spec).not.to.have.property('ttlSecondsAfterFinished');
    expect(pod?.restartPolicy).to.equal('Never');
  });

  it('creates another pod when the node could not start a container', () => {
    expect(spec?.podFailurePolicy?.rules?.[1]).to.deep.equal({
      action: 'Ignore',
      onExitCodes: { operator: 'In', values: [128] },
    });
    expect(Object.values(RUNNER_EXIT)).not.to.include(NOT_STARTED_EXIT);
  });

  it('gives the audit the changes that earlier attempts noted, if there are any', () => {
    const changes = [{ undo: 'ScheduleAgent' as const, subject: 'i-1' }];
    const envOf = (job: ReturnType<typeof attemptJob>) =>
      job.spec?.template?.spec?.containers?.[0]?.env?.find(({ name }) => name === 'E2E_CHANGES')?.value;
    expect(envOf(attemptJob({ ...input, changes }))).to.equal(JSON.stringify(changes));
    expect(envOf(attemptJob({ ...input, changes: [] }))).to.equal(undefined);
    expect(env.has('E2E_CHANGES')).to.equal(false);
  });

  it('gives the runner its place in the trace of the run', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const placeIn = (job: ReturnType<typeof attemptJob>) =>
      job.spec?.template?.spec?.containers?.[0]?.env?.find(({ name }) => name === 'TRACEPARENT')?.value;
    expect(placeIn(attemptJob({ ...input, traceparent }))).to.equal(traceparent);
    expect(placeIn(attemptJob(input))).to.equal(undefined);
  });

  it('leaves its start to Kueue only when the run names a queue', () => {
    const queued = attemptJob({ ...input, queueName: 'ci' });
    expect(queued.spec).to.have.property('suspend', true);
    expect(queued.metadata.labels).to.deep.equal({ run: 'nightly', 'kueue.x-k8s.io/queue-name': 'ci' });
    expect(spec).not.to.have.property('suspend');
  });

  it('runs where the settings of the operator say, under its own labels', () => {
    const place = {
      nodeSelector: { pool: 'tests' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      priorityClassName: 'low',
    };
    const annotations = { 'sidecar.istio.io/inject': 'false' };
    const pods = { ...place, annotations, labels: { team: 'qa', run: 'other' } };
    const { template } = attemptJob({ ...input, pods }).spec ?? {};
    expect(template?.spec).to.deep.include(place);
    expect(template?.metadata).to.deep.equal({ annotations, labels: { team: 'qa', run: 'nightly' } });
    expect(pod).not.to.have.any.keys(...Object.keys(place));
  });

  it('passes its task to the runner', () => {
    expect(Object.fromEntries(env)).to.deep.include({
      E2E_RUN: 'nightly',
      E2E_SUITE: 'alpha',
      E2E_ATTEMPT: '2',
      E2E_RUN_SINCE: '2026-01-01T00:00:00Z',
      E2E_REPORT: 'nightly-alpha-2',
      E2E_NAMESPACE: 'ns',
      E2E_ENVIRONMENT: 'e2e',
      E2E_FILES: '["area/one","area/two"]',
      E2E_TIMEOUT_SECONDS: '100',
      E2E_ROUNDS: '10',
      E2E_CONNECTION: '/etc/backendai-e2e/connection/connection.json',
    });
  });

  it('escapes a pattern, in which Kubernetes would expand $(…)', () => {
    expect(env.get('E2E_GREP')).to.equal('adds \\d+$$');
    const tricky = attemptJob({ ...input, grep: '$(E2E_RUN)' });
    const value = tricky.spec?.template?.spec?.containers?.[0]?.env?.find(({ name }) => name === 'E2E_GREP');
    expect(value?.value).to.equal('$$(E2E_RUN)');
  });

  it('leaves the rounds to the suite when the run sets none', () => {
    const plain = attemptJob({ ...input, rounds: undefined }).spec?.template?.spec?.containers?.[0];
    expect(plain?.env?.map(({ name }) => name)).not.to.include('E2E_ROUNDS');
  });

  it('pulls its image with the Secrets of the suite, if it has any', () => {
    const imagePullSecrets = [{ name: 'registry' }];
    const spec = { ...input.spec, imagePullSecrets };
    expect(attemptJob({ ...input, spec }).spec?.template?.spec?.imagePullSecrets).to.deep.equal(
      imagePullSecrets,
    );
    expect(attemptJob(input).spec?.template?.spec).not.to.have.property('imagePullSecrets');
  });

  it('mounts no Secret when the environment has no connection', () => {
    const plain = attemptJob({ ...input, connectionSecret: undefined }).spec?.template?.spec;
    expect(plain?.volumes?.map(({ name }) => name)).to.deep.equal(['tmp']);
    expect(plain?.containers?.[0]?.env?.map(({ name }) => name)).not.to.include('E2E_CONNECTION');
  });

  it('runs in the image of its environment only where the suite has one', () => {
    const suite = { ...input.spec, runtimeImage: 'operator:1' };
    expect(specIn({ runtimeImage: 'own:1' }, suite).runtimeImage).to.equal('own:1');
    expect(specIn({}, suite).runtimeImage).to.equal('operator:1');
    expect(specIn({ runtimeImage: 'own:1' }, input.spec)).not.to.have.property('runtimeImage');
  });

  it('copies the suites into their runtime image and starts them there', () => {
    const other = attemptJob({ ...input, spec: { ...input.spec, runtimeImage: 'backend-ai:1' } });
    const podSpec = other.spec?.template?.spec;
    const [runner] = podSpec?.containers ?? [];
    const [bringer] = podSpec?.initContainers ?? [];
    expect([runner?.image, bringer?.image]).to.deep.equal(['backend-ai:1', 'suites:1']);
    expect(runner?.command).to.deep.equal(['/app/bin/node', '/app/dist/suites/runner/main.js']);
    expect(runner?.volumeMounts?.find(({ name }) => name === 'app')?.mountPath).to.equal('/app');
    expect(bringer?.volumeMounts?.map(({ name }) => name)).to.deep.equal(['app']);
    expect(podSpec?.volumes?.find(({ name }) => name === 'app')).to.deep.equal({ name: 'app', emptyDir: {} });
    expect(bringer?.securityContext).to.deep.equal(container?.securityContext);
    expect(pod).not.to.have.property('initContainers');
    expect(container).not.to.have.property('command');
  });

  it('complies with Pod Security "restricted"', () => {
    expect(pod?.securityContext).to.deep.include({ runAsNonRoot: true, runAsUser: 65532 });
    expect(pod?.securityContext?.seccompProfile).to.deep.equal({ type: 'RuntimeDefault' });
    expect(container?.securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

describe('undoJob', () => {
  const owner = { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestReport', name: 'r', uid: 'u' };
  const job = undoJob(input, [{ undo: 'DeleteConfig', subject: 'a$(b)' }], { name: 'r-undo', owner });
  const pod = job.spec?.template?.spec;

  it('runs the undoing alone, with the connection and without rights at the API server', () => {
    const env = new Map(pod?.containers?.[0]?.env?.map(({ name, value }) => [name, value]));
    expect(env.get('E2E_CHANGES')).to.equal('[{"undo":"DeleteConfig","subject":"a$$(b)"}]');
    expect(env.get('E2E_FILES')).to.equal('["audit/undo"]');
    expect([...env.keys()])
      .to.not.include('E2E_REPORT')
      .and.not.include('E2E_GREP');
    expect(env.get('E2E_CONNECTION')).to.be.a('string');
    expect(pod)
      .to.include({ automountServiceAccountToken: false })
      .and.not.have.property('serviceAccountName');
  });

  it('belongs to the report and the run, and is no attempt', () => {
    expect(job.metadata.ownerReferences).to.deep.equal([owner]);
    expect(job.spec?.template?.metadata?.labels).to.not.have.property('e2e.backend.ai/attempt');
    expect(job.metadata.labels).to.have.property('e2e.backend.ai/run');
    expect(job.spec).to.include({ backoffLimit: 2 }).and.not.have.property('podFailurePolicy');
  });
});

describe('attemptAccess', () => {
  it('grants get on its report and patch on its status only, by name', () => {
    const { role, roleBinding, serviceAccount } = attemptAccess(input, { disruptive: false });
    expect(role.rules).to.deep.equal([
      {
        apiGroups: ['e2e.backend.ai'],
        resources: ['testreports'],
        resourceNames: ['nightly-alpha-2'],
        verbs: ['get'],
      },
      {
        apiGroups: ['e2e.backend.ai'],
        resources: ['testreports/status'],
        resourceNames: ['nightly-alpha-2'],
        verbs: ['get', 'patch'],
      },
    ]);
    expect(roleBinding.subjects).to.deep.equal([
      { kind: 'ServiceAccount', name: 'nightly-alpha-2', namespace: 'ns' },
    ]);
    expect(serviceAccount.automountServiceAccountToken).to.equal(false);
  });

  it('lets only a disruptive suite create faults', () => {
    const [own, , faults] = attemptAccess(input, { disruptive: true }).role.rules ?? [];
    expect(own?.resourceNames).to.deep.equal(['nightly-alpha-2']);
    expect(faults).to.deep.equal({
      apiGroups: ['e2e.backend.ai'],
      resources: ['faults'],
      verbs: ['get', 'create', 'patch', 'delete'],
    });
  });
});
