import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { OPERATOR_NAME } from '@backendai-e2e/api/group';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { CONFIG_MAPS, SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient } from '@backendai-e2e/kube/client';
import { findCluster } from '@backendai-e2e/kube/find-cluster';
import { localRun, type MountedFile } from './local-arguments.ts';
import { LocalProcess } from './local-process.ts';
import { findDeployment, takeOver } from './takeover.ts';
import { tokenKubeconfig } from './token-kubeconfig.ts';

/** What a session needs. */
export interface SessionOptions {
  /** Kubeconfig of an administrator of the cluster. */
  kubeconfig: string;
  /** Namespace of the operator. */
  namespace: string;
  /** Folder for the operator's kubeconfig and the copies of mounted files; removed at the end. */
  folder: string;
  helm: string;
  kubectl: string;
  /** Port of the debugger of Node.js. */
  inspect?: number;
  /** Restart the operator when a source file changes. */
  watch: boolean;
  logLevel: string;
}

/** The operator, or the port-forward that it needs, ended unexpectedly. */
export class OperatorEnded extends Error {
  override readonly name = 'OperatorEnded';
  readonly remedy = 'Read its last lines above. Node.js restarts it only after an edit, with --watch.';
}

const TOKEN_DURATION = '12h';
/** The operator ends its reconciles and gives its Lease back. */
const STOP_MS = 45_000;
const RESTORE_MS = 60_000;
const FORWARD_SECONDS = 30;

/**
 * Runs the operator from its sources in place of the one in the cluster, with its ServiceAccount. Ends when the signal of `p` is
 * aborted, and restores the other one. Throws OperatorEnded where the operator ends before.
 */
export async function runSession(options: SessionOptions, p: Provision): Promise<void> {
  const { kubeconfig, namespace, folder } = options;
  const client = new KubeClient(await findCluster(kubeconfig));
  try {
    const deployment = await findDeployment(client, namespace, p.signal);
    const forwardedPort = await freePort();
    const run = localRun(deployment, {
      chartsDir: path.join(PROJECT_ROOT, 'charts'),
      helm: options.helm,
      folder,
      forwardedPort,
      logLevel: options.logLevel,
    });
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const file of run.files) await copyFile(client, namespace, file, folder, p.signal);
    const own = path.join(folder, 'kubeconfig');
    const token = await command(p, options.kubectl, [
      ...['--kubeconfig', kubeconfig, '--namespace', namespace],
      ...['create', 'token', run.serviceAccount, '--duration', TOKEN_DURATION],
    ]);
    const text = await readFile(kubeconfig, 'utf8');
    await writeFile(own, tokenKubeconfig(text, kubeconfig, token.trim(), namespace), { mode: 0o600 });
    p.log(`scaling Deployment ${namespace}/${OPERATOR_NAME} to zero`);
    const takeover = await takeOver(client, deployment, p.signal);
    const processes = new Map<string, LocalProcess>();
    try {
      if (run.forward) {
        processes.set('kubectl port-forward', await forwarded(options, run.forward, forwardedPort, p));
      }
      const args = [...nodeOptions(options), 'operator/main.ts', `--kubeconfig=${own}`, ...run.args];
      p.log(
        `the operator runs from source; ${options.watch ? 'it restarts after an edit; ' : ''}stop it with Ctrl-C`,
      );
      processes.set('the operator', new LocalProcess(process.execPath, args, 'inherit'));
      await untilOneEnds(processes, p.signal);
    } finally {
      // The newest first: the operator may need the forwarded port to its end.
      for (const one of [...processes.values()].reverse()) await one.stop(STOP_MS);
      await takeover.restore(AbortSignal.timeout(RESTORE_MS));
      p.log('the operator in the cluster takes over again');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await client.close();
  }
}

function nodeOptions({ inspect, watch }: SessionOptions): string[] {
  return [
    ...(watch ? ['--watch', '--watch-preserve-output'] : []),
    ...(inspect === undefined ? [] : [`--inspect=127.0.0.1:${inspect}`]),
  ];
}

async function copyFile(
  client: KubeClient,
  namespace: string,
  { from, name, key, file }: MountedFile,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const at = { namespace, name };
  const text =
    from === 'ConfigMap'
      ? (await client.get(CONFIG_MAPS, at, { signal }))?.data?.[key]
      : Buffer.from((await client.get(SECRETS, at, { signal }))?.data?.[key] ?? '', 'base64').toString();
  if (!text) throw new Error(`${from} ${namespace}/${name} has no key "${key}", which the operator reads`);
  await writeFile(path.join(folder, file), text, { mode: 0o600 });
}

/** Resolves when the signal is aborted. Throws OperatorEnded when a process ends before that. */
async function untilOneEnds(
  processes: ReadonlyMap<string, LocalProcess>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const ended = [...processes].map(async ([what, one]) => `${what} ${await one.ended}`);
  const how = await Promise.race([once(signal, 'abort').then(() => undefined), ...ended]);
  if (how !== undefined) throw new OperatorEnded(how);
}

/** Forwards a Service to a local port. Resolves when kubectl listens; throws an Error when it does not in time. */
async function forwarded(
  { kubeconfig, kubectl }: SessionOptions,
  { namespace, service, port }: { namespace: string; service: string; port: number },
  localPort: number,
  p: Provision,
): Promise<LocalProcess> {
  const where = ['--kubeconfig', kubeconfig, '--namespace', namespace];
  const args = [...where, 'port-forward', `service/${service}`, `${localPort}:${port}`];
  const child = new LocalProcess(kubectl, args, 'pipe');
  const limit = AbortSignal.any([p.signal, AbortSignal.timeout(FORWARD_SECONDS * 1000)]);
  try {
    await child.untilLine('Forwarding from', limit);
    return child;
  } catch (error) {
    await child.stop(STOP_MS);
    p.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Service ${namespace}/${service} could not be forwarded in ${FORWARD_SECONDS} s: ${why}`,
      {
        cause: error,
      },
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port could be found');
  return address.port;
}
