import { isIP } from 'node:net';
import { tryCommand } from './command.ts';
import type { Provision } from './provision.ts';

/** What answers the docker client. */
export interface EngineFacts {
  /** Version of the engine; undefined: none answers. */
  version: string | undefined;
  /** Whether the client or the engine is Podman, under Docker's name or at a socket like Docker's. */
  podman: boolean;
  /** Whether the engine runs without root. */
  rootless: boolean;
  /** Address that the client calls, such as unix:///var/run/docker.sock; undefined: the client does not say. */
  endpoint: string | undefined;
}

/** Why the engine that was found cannot run the cluster. */
export interface EngineObstacle {
  why: string;
  remedy: string;
}

/** Asks client and engine, each for at most 10 s. Changes nothing. */
export async function inspectEngine(p: Provision): Promise<EngineFacts> {
  const ask = (...args: string[]) => tryCommand(p, 'docker', args, { timeoutSeconds: 10 });
  const [version, client, whole, security, endpoint] = await Promise.all([
    ask('version', '--format', '{{.Server.Version}}'),
    ask('--version'),
    ask('version'),
    ask('info', '--format', '{{json .SecurityOptions}}'),
    ask('context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'),
  ]);
  return {
    version: version?.trim() || undefined,
    podman: /podman/i.test(`${client} ${whole}`),
    // Docker lists "name=rootless" among the options of its security.
    rootless: /name=rootless/.test(security ?? ''),
    endpoint: endpoint?.trim() || undefined,
  };
}

/** What makes this engine useless for a cluster, found before the images are built. */
export function engineObstacle({ podman, rootless, endpoint }: EngineFacts): EngineObstacle | undefined {
  if (podman) {
    return {
      why: 'the command "docker" is Podman, which is not supported',
      remedy:
        'Install Docker (https://docs.docker.com/engine/install/) and remove the package podman-docker, or unset a DOCKER_HOST that names the socket of Podman.',
    };
  }
  if (rootless) {
    return {
      why: 'the Docker engine runs without root, which is not supported: the pods of agents are privileged',
      remedy: 'Use an engine that runs as root: "docker context use default", and unset DOCKER_HOST.',
    };
  }
  if (endpoint !== undefined && isRemote(endpoint)) {
    return {
      why: `the Docker engine is on another machine (${withoutPassword(endpoint)}), and the cluster's API server listens on 127.0.0.1 there`,
      remedy:
        'Run this on the machine of the engine, or unset DOCKER_HOST and DOCKER_CONTEXT. In CI, use an executor that runs jobs there.',
    };
  }
  return undefined;
}

/** Whether the address of an engine leads to another machine. */
function isRemote(endpoint: string): boolean {
  const url = URL.parse(endpoint);
  if (!url || ['unix:', 'fd:'].includes(url.protocol)) return false;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const own =
    host === '' || host === 'localhost' || host === '::1' || (isIP(host) === 4 && /^127\./.test(host));
  return !own;
}

function withoutPassword(endpoint: string): string {
  return endpoint.replace(/\/\/[^@/]*@/, '//');
}
