import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { isForbidden, isInvalid } from '@backendai-e2e/kube/api-error';
import { CONFIG_MAPS, JOBS, NAMESPACES, PODS, ROLE_BINDINGS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import { expect } from 'chai';
import { WIDGET_CRD, WIDGETS } from '../doubles/widgets.ts';
import { freePorts } from '../processes/free-ports.ts';
import { LAST_RESORT_MS, until } from '../waits/until.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { sharedControlPlane } from './shared-control-plane.ts';

describe('the control plane for tests', function () {
  this.timeout(LAST_RESORT_MS);
  let plane: ControlPlane;

  before(async () => {
    plane = await startControlPlane({ controllerManager: true, users: [{ name: 'jane' }] });
    await plane.createNamespace('work');
  });
  after(() => plane.stop());

  it('runs the Job controller: a Job makes a pod, and its deletion collects the pod', async () => {
    const client = plane.client();
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'none' }] } };
    await client.create(JOBS, { metadata: { namespace: 'work', name: 'once' }, spec: { template } });
    const pods = () => client.list(PODS, { namespace: 'work', labelSelector: 'job-name=once' });
    await until('the Job has a pod', async () => (await pods()).items.length === 1);
    await client.delete(JOBS, { namespace: 'work', name: 'once' });
    // The Job controller's finalizer goes first, then the garbage collector.
    await until('the pod is gone', async () =>
      (await pods()).items.every((pod) => pod.metadata.deletionTimestamp),
    );
  });

  it('deletes namespaces', async () => {
    const client = plane.client();
    await plane.createNamespace('passing');
    await client.delete(NAMESPACES, { name: 'passing' });
    await until('the namespace is gone', async () => !(await client.get(NAMESPACES, { name: 'passing' })));
  });

  it('has RBAC on: users and service accounts may do nothing until a binding says so', async () => {
    const account = await plane.serviceAccount('work', 'reader');
    for (const { kubeConfig } of [plane.user('jane'), account]) {
      const client = new KubeClient(kubeConfig);
      const refused = await client.list(CONFIG_MAPS, { namespace: 'work' }).catch((error: unknown) => error);
      expect(isForbidden(refused)).to.equal(true);
      await client.close();
    }
    await plane.client().create(ROLE_BINDINGS, {
      metadata: { namespace: 'work', name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'work', name: 'reader' }],
    });
    const client = new KubeClient(account.kubeConfig);
    await until('the binding works', () => client.list(CONFIG_MAPS, { namespace: 'work' }));
    await client.close();
  });

  it('serves the CRDs that are applied to it, with their validation', async () => {
    await plane.applyYaml(WIDGET_CRD);
    const bad = { metadata: { namespace: 'work', name: 'bad' }, spec: { size: -1 } };
    const refused = await plane
      .client()
      .create(WIDGETS, bad)
      .catch((error: unknown) => error);
    expect(isInvalid(refused)).to.equal(true);
    expect(String(refused)).to.match(/create widgets work\/bad.*spec\.size/);
  });

  it('takes other ports when another process holds one of the first', async () => {
    const taken = await listener();
    const [first, second, third] = await freePorts();
    const offers: [number, number, number][] = [
      [taken.port, second, third],
      [first, second, taken.port],
    ];
    const ports = async () => offers.shift() ?? freePorts();
    const other = await startControlPlane({ ports }).finally(() => taken.server.close());
    expect(other.url).not.to.contain(String(taken.port));
    expect(await other.client().get(NAMESPACES, { name: 'default' })).to.not.equal(undefined);
    await other.stop();
  });

  it('says at once that etcd has ended, and what it said', async () => {
    const taken = await listener();
    const began = performance.now();
    const ports = async () => {
      const [first, , third] = await freePorts();
      return [first, taken.port, third] as const;
    };
    const error = await startControlPlane({ ports }).then(
      () => undefined,
      (seen: unknown) => seen,
    );
    taken.server.close();
    expect(String(error)).to.match(/etcd ended early \(exit code 1\)[\s\S]*address already in use/);
    expect(performance.now() - began).to.be.below(20_000);
  });

  it('is shared by the files of a process, and replaced when it no longer answers', async () => {
    const first = await sharedControlPlane();
    expect(first.uniqueName('work')).not.to.equal(first.uniqueName('work'));
    // Every file does this at its end.
    await first.stop();
    expect(await sharedControlPlane()).to.equal(first);
    await first.stopApiServer('kill');
    const second = await sharedControlPlane();
    expect(second).not.to.equal(first);
    expect(first.pids).to.deep.equal([]);
    expect(await second.works()).to.equal(true);
    await second.stop();
  });

  it('leaves neither processes nor files when its owner is killed', async () => {
    const script = `
      import { startControlPlane } from ${JSON.stringify(new URL('./control-plane.ts', import.meta.url).href)};
      const plane = await startControlPlane();
      console.log(JSON.stringify({ folder: plane.folder, pids: plane.pids }));
      setInterval(() => {}, 1000);
    `;
    const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(owner.stdout), 'line');
    const { folder, pids } = JSON.parse(String(line)) as { folder: string; pids: number[] };
    expect(pids).to.have.length(2);
    expect(pids.every(isRunning)).to.equal(true);
    owner.kill('SIGKILL');
    await until('processes and files are gone', () => !pids.some(isRunning) && !existsSync(folder));
  });
});

/** A server that listens on a port of this machine. */
async function listener(): Promise<{ server: Server; port: number }> {
  const [port] = await freePorts();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
}
