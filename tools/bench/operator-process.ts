import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { catalogFile, renderOperatorChart } from '../envtest/operator/operator-chart.ts';
import { helmPath } from '../envtest/processes/pinned-tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Where the operator finds its API server, and where its own ports are. */
export interface OperatorPlace {
  /** URL of the API server. */
  server: string;
  /** kubeconfig of its service account. */
  kubeconfig: string;
  /** Folder for the files that a pod mounts. */
  folder: string;
  /** Of /metrics and the probes. */
  port: number;
}

/**
 * Starts the operator as its container is started: compiled, with the image's entry point and environment. It gets the arguments
 * of the chart's Deployment, a pod's service account, and the catalog. Only paths and the port are local.
 */
export async function startAsDeployed(target: OperatorPlace): Promise<ChildProcess> {
  const out = join(ROOT, 'out/bench/dist');
  await execa(join(ROOT, 'node_modules/.bin/tsc'), ['-p', ROOT, '--outDir', out, '--noCheck'], { cwd: ROOT });
  const { token, authority } = accountOf(target.kubeconfig);
  mkdirSync(target.folder);
  writeFileSync(join(target.folder, 'token'), token, { mode: 0o600 });
  writeFileSync(join(target.folder, 'ca.crt'), authority);
  const { hostname, port } = new URL(target.server);
  const { KUBECONFIG: _none, NODE_OPTIONS: _own, ...env } = process.env;
  const { flags, env: imageEnv } = imageOf('images/operator/Dockerfile');
  return spawn(
    process.execPath,
    [
      ...(process.env.E2E_BENCH_NODE_FLAGS?.split(' ') ?? flags),
      join(out, 'operator/main.js'),
      ...(await deployedArguments(target)),
    ],
    {
      env: {
        ...env,
        ...imageEnv,
        NODE_ENV: 'production',
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        E2E_SERVICE_ACCOUNT_DIR: target.folder,
      },
      stdio: ['ignore', process.env.E2E_BENCH_LOG ? 'inherit' : 'ignore', 'inherit'],
    },
  );
}

/** The arguments of the chart's Deployment, with paths of this machine instead of the container's. */
async function deployedArguments({ port, folder }: OperatorPlace): Promise<string[]> {
  const [deployment] = parseAllDocuments(await renderOperatorChart('deployment.yaml')).map((each) =>
    each.toJS(),
  );
  const args: string[] = deployment.spec.template.spec.containers[0].args;
  const here: Record<string, string> = {
    '--charts-dir': join(ROOT, 'charts'),
    '--helm': helmPath(),
    '--catalog': await catalogFile(folder),
    '--metrics-port': String(port),
  };
  return args.map((argument) => {
    const [name = ''] = argument.split('=', 1);
    return name in here ? `${name}=${here[name]}` : argument;
  });
}

/** The flags that an image gives to Node.js, and its environment. */
function imageOf(dockerfile: string): { flags: string[]; env: Record<string, string> } {
  const text = readFileSync(join(ROOT, dockerfile), 'utf8');
  const words: string[] = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1] ?? '[]');
  const pairs = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((pair) => pair.split('=', 2) as [string, string]),
  );
  return { flags: words.filter((word) => word.startsWith('--')), env: Object.fromEntries(pairs) };
}

function accountOf(kubeconfig: string): { token: string; authority: string } {
  const { users, clusters } = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const data: string = clusters[0].cluster['certificate-authority-data'];
  return { token: users[0].user.token, authority: Buffer.from(data, 'base64').toString() };
}
