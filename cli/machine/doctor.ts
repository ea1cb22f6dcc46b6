import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { tryCommand } from './command.ts';
import { planEngine } from './engine.ts';
import { type EngineFacts, engineObstacle, inspectEngine } from './engine-facts.ts';
import { goVersion, isOlder } from './go.ts';
import { type Host, inspectHost } from './host.ts';
import type { Provision } from './provision.ts';
import { missing, toolOnPath, toolVersion } from './tools.ts';
import { VERSIONS } from './versions.ts';

/** One requirement of a run on this machine. */
export interface Finding {
  name: string;
  /** found: usable. will be built: the command provides it. missing: the user must provide it. */
  state: 'found' | 'will be built' | 'missing';
  /** A short phrase: what was found, or what is missing. */
  detail: string;
  /** What to do; always set for a missing requirement. */
  remedy?: string;
}

/** The node took 4.4 GiB with two sessions; the rest is for the builds and the system. */
const MEMORY_GIB = 7;
/** Each further environment. */
const MORE_GIB = 3;
/** A cold run fills about 25 GB (images, node image, Go's caches), a warm one writes about 10. */
const DISK_GB = { cold: 30, warm: 12 };

/**
 * Checks each requirement of a run on this machine. Changes nothing.
 */
export async function inspectMachine(p: Provision, environments = 1): Promise<Finding[]> {
  const host = await inspectHost();
  const [engine, go, registry] = await Promise.all([inspectEngine(p), goVersion(p), registryAnswers(p)]);
  const tools = await Promise.all(
    (['kind', 'helm', 'kubectl'] as const).map((name) => inspectTool(name, go, p)),
  );
  const warm = existsSync(path.join(p.cacheDir, 'tools'));
  return [
    platformFinding(process.platform, process.arch),
    engineFinding(engine, host, process.env),
    memoryFinding(totalmem() / 2 ** 30, environments),
    diskFinding((await freeGigabytes(p)) ?? 0, warm),
    cgroupFinding(host),
    inotifyFinding(host),
    capabilityFinding(host),
    registryFinding(registry),
    goFinding(go, tools),
    ...tools,
    nodeFinding(process.versions.node),
  ];
}

/** Node.js' names of system and processor. */
export function platformFinding(platform: string, arch: string): Finding {
  const detail = `${platform} ${arch}`;
  if (platform === 'linux') return { name: 'system', state: 'found', detail };
  return {
    name: 'system',
    state: 'missing',
    detail: `${detail}; images are built from this machine's Linux binaries`,
    remedy: 'Run this on Linux, or in a Linux virtual machine.',
  };
}

/** What the machine offers as a container engine: Docker that works, Docker that the command would install, or nothing. */
export function engineFinding(
  engine: EngineFacts,
  host: Pick<Host, 'families' | 'root'>,
  env: Record<string, string | undefined>,
): Finding {
  const name = 'Docker engine';
  const obstacle = engineObstacle(engine);
  if (obstacle) return { name, state: 'missing', detail: obstacle.why, remedy: obstacle.remedy };
  if (engine.version !== undefined) return { name, state: 'found', detail: engine.version };
  const plan = planEngine(host, env);
  return plan.do === 'provide'
    ? {
        name,
        state: 'will be built',
        detail: "none answers: the distribution's will be installed and started",
      }
    : { name, state: 'missing', detail: plan.why, remedy: plan.remedy };
}

/** @param gib memory of the machine in GiB; @param environments that a job makes on it */
export function memoryFinding(gib: number, environments = 1): Finding {
  const detail = `${gib.toFixed(1)} GiB`;
  const needed = MEMORY_GIB + (environments - 1) * MORE_GIB;
  if (gib >= needed) return { name: 'memory', state: 'found', detail };
  const [many, fewer] =
    environments > 1
      ? [` for ${environments} environments`, `, or set ENVIRONMENTS=${environmentsFor(gib, environments)}`]
      : ['', ''];
  return {
    name: 'memory',
    state: 'missing',
    detail: `${detail}, ${needed} are needed${many}`,
    remedy: `Use a machine with at least ${needed} GiB of memory${fewer}.`,
  };
}

/** The number of environments, 1 to `wanted`, that a machine with this many GiB of memory can run. */
export function environmentsFor(gib: number, wanted: number): number {
  return Math.max(1, Math.min(wanted, 1 + Math.floor((gib - MEMORY_GIB) / MORE_GIB)));
}

/** @param free GB free where images and cache go; @param warm whether the tools are in the cache already */
export function diskFinding(free: number, warm: boolean): Finding {
  const needed = warm ? DISK_GB.warm : DISK_GB.cold;
  const detail = `${free.toFixed(0)} GB free`;
  if (free >= needed) return { name: 'disk', state: 'found', detail };
  return {
    name: 'disk',
    state: 'missing',
    detail: `${detail}, ${needed} are needed`,
    remedy:
      'Free some space ("docker system df" and "go clean -cache" help), or set E2E_CACHE_DIR to another disk.',
  };
}

/** Whether kubelets can run here: they need cgroup version 2. */
export function cgroupFinding(host: Pick<Host, 'cgroup'>): Finding {
  const detail =
    host.cgroup === 1 ? 'version 1: the node image is configured for it' : `version ${host.cgroup}`;
  if (host.cgroup !== undefined) return { name: 'cgroup', state: 'found', detail };
  return { name: 'cgroup', state: 'missing', detail: 'no control groups', remedy: 'Run this on Linux.' };
}

/**
 * The least that one node needs for systemd, containerd, the kubelet and the pods: Linux' own default. Below it, they end with "too
 * many open files" (kind's list of known issues).
 */
const INOTIFY = { instances: 128, watches: 8192 };
/** What kind recommends. */
const MORE_INOTIFY = 'fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288';

/** Whether the kernel lets the processes of a node watch enough files. */
export function inotifyFinding({ inotify }: Pick<Host, 'inotify'>): Finding {
  const name = 'inotify';
  if (inotify === undefined) return { name, state: 'found', detail: 'limits unknown' };
  const detail = `${inotify.instances} instances and ${inotify.watches} watches for each user`;
  if (inotify.instances >= INOTIFY.instances && inotify.watches >= INOTIFY.watches) {
    return { name, state: 'found', detail };
  }
  return {
    name,
    state: 'missing',
    detail: `${detail}, at least ${INOTIFY.instances} and ${INOTIFY.watches} are needed`,
    remedy: `Run "sysctl -w ${MORE_INOTIFY}" as root. To keep it, write both into /etc/sysctl.d.`,
  };
}

function capabilityFinding(host: Pick<Host, 'missingCapabilities'>): Finding {
  const lacking = host.missingCapabilities;
  const needed = lacking.filter((name) => name === 'CAP_SYS_ADMIN' || name === 'CAP_NET_ADMIN');
  if (needed.length > 0 && process.getuid?.() === 0) {
    return {
      name: 'capabilities',
      state: 'missing',
      detail: `${needed.join(', ')} not in the bounding set`,
      remedy: 'Run this outside the container or sandbox that takes them away.',
    };
  }
  return {
    name: 'capabilities',
    state: 'found',
    detail:
      lacking.length === 0 ? 'all' : `all but ${lacking.join(', ')}: engine and node are configured for it`,
  };
}

function registryFinding(answers: boolean): Finding {
  return answers
    ? { name: 'image registry', state: 'found', detail: 'answers' }
    : {
        name: 'image registry',
        state: 'will be built',
        detail: 'does not answer: base image and node image are built locally',
      };
}

/** Go is only needed for tools that are neither on PATH nor in the cache. */
export function goFinding(version: string | undefined, tools: readonly Finding[]): Finding {
  if (version !== undefined && !isOlder(version, VERSIONS.goMinimum))
    return { name: 'Go', state: 'found', detail: version };
  if (tools.every((tool) => tool.state === 'found')) {
    return { name: 'Go', state: 'found', detail: `${version ?? 'none'}; not needed for the tools` };
  }
  return {
    name: 'Go',
    state: 'missing',
    detail: version === undefined ? 'not on PATH' : `${version} is too old`,
    remedy: `Install Go ${VERSIONS.goMinimum} or newer: https://go.dev/doc/install`,
  };
}

async function inspectTool(
  name: 'kind' | 'helm' | 'kubectl',
  go: string | undefined,
  p: Provision,
): Promise<Finding> {
  const onPath = await toolOnPath(name, p);
  if (onPath !== undefined) return { name, state: 'found', detail: `${onPath.version} at ${onPath.path}` };
  const version = toolVersion(name);
  if ((await missing([name], p)).length === 0)
    return { name, state: 'found', detail: `${version} in the cache` };
  if (go !== undefined) return { name, state: 'will be built', detail: version };
  return {
    name,
    state: 'missing',
    detail: `no usable version on PATH, and no Go to build ${version}`,
    remedy: `Install Go ${VERSIONS.goMinimum} or newer, or ${name} ${version}.`,
  };
}

/** @param version of the running Node.js, e.g. "24.21.0" */
export function nodeFinding(version: string): Finding {
  if (Number.parseInt(version, 10) >= 24) return { name: 'Node.js', state: 'found', detail: version };
  return {
    name: 'Node.js',
    state: 'missing',
    detail: `${version}, 24 is needed`,
    remedy:
      'Run "npm ci --ignore-scripts" and start through the make targets: they use the Node.js of node_modules.',
  };
}

/** The client asks, so no engine is needed. Ten seconds: an answer takes one. */
async function registryAnswers(p: Provision): Promise<boolean> {
  const out = await tryCommand(p, 'docker', ['manifest', 'inspect', VERSIONS.debianImage], {
    timeoutSeconds: 10,
  });
  return out !== undefined;
}

/** Free GB of the file system of the cache and of the engine's, whichever is less. */
async function freeGigabytes(p: Provision): Promise<number | undefined> {
  const root = await tryCommand(p, 'docker', ['info', '--format', '{{.DockerRootDir}}'], {
    timeoutSeconds: 10,
  });
  const folders = [existing(p.cacheDir), existing(root?.trim() || '/var/lib/docker')];
  const free = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      return (bavail * bsize) / 1e9;
    }),
  );
  return Math.min(...free);
}

/** The folder, or the nearest above it that exists. */
function existing(folder: string): string {
  let at = path.resolve(folder);
  while (!existsSync(at)) at = path.dirname(at);
  return at;
}
