import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { command, commandWithRetry, logPath, tryCommand } from './command.ts';
import { withBoundedRuntime } from './daemon-config.ts';
import { engineObstacle, inspectEngine } from './engine-facts.ts';
import { type Host, inspectHost } from './host.ts';
import { type Provision, ProvisionError } from './provision.ts';
import { needsBoundedRuntime, renderBoundedRunc } from './runc-wrapper.ts';

const DAEMON_CONFIG = '/etc/docker/daemon.json';
const WRAPPER = '/usr/local/lib/backendai-e2e/runc-bounded';
/** An engine on a slow disk has been seen to need 10 s to open its store. */
const START_SECONDS = 60;

/** Version of the engine that answers the docker client, or undefined where none does within 10 s. */
export async function engineVersion(p: Provision): Promise<string | undefined> {
  const version = await tryCommand(p, 'docker', ['version', '--format', '{{.Server.Version}}'], {
    timeoutSeconds: 10,
  });
  return version?.trim() || undefined;
}

/** What to do where no engine answers. */
export type EnginePlan = { do: 'provide' } | { do: 'refuse'; why: string; remedy: string };

/** Decides whether an engine may be installed and started here. Called only where none answers. */
export function planEngine(
  host: Pick<Host, 'families' | 'root'>,
  env: Record<string, string | undefined>,
): EnginePlan {
  const install = 'Install and start Docker (https://docs.docker.com/engine/install/), then run this again.';
  if (env.DOCKER_HOST || env.DOCKER_CONTEXT) {
    return {
      do: 'refuse',
      why: `the Docker engine at ${env.DOCKER_HOST ?? `context ${env.DOCKER_CONTEXT}`} does not answer`,
      remedy: 'Start that engine, or unset DOCKER_HOST and DOCKER_CONTEXT.',
    };
  }
  if (!host.families.includes('debian') && !host.families.includes('ubuntu')) {
    return { do: 'refuse', why: 'no Docker engine answers', remedy: install };
  }
  if (!host.root) {
    return {
      do: 'refuse',
      why: 'no Docker engine answers this user',
      remedy: `${install} If one runs already, add your user to the group "docker". As root, this command installs one automatically.`,
    };
  }
  return { do: 'provide' };
}

/**
 * Ensures that a Docker engine answers. One that works is never touched. Otherwise Debian's is installed and started, after
 * saying so. That needs root on Debian or Ubuntu.
 * @throws ProvisionError where it may not or cannot be done
 */
export async function ensureEngine(p: Provision): Promise<void> {
  const engine = await inspectEngine(p);
  // Docker's packages replace those of Podman. A user decides that.
  const podman = engine.podman ? engineObstacle(engine) : undefined;
  if (podman) throw new ProvisionError(`Docker: ${podman.why}.`, podman.remedy);
  if (engine.version !== undefined) return;
  const host = await inspectHost();
  const plan = planEngine(host, process.env);
  if (plan.do === 'refuse') throw new ProvisionError(`Docker: ${plan.why}.`, plan.remedy);

  if (!(await hasCommand(p, 'dockerd')) || !(await hasCommand(p, 'iptables'))) {
    p.log('no Docker engine answers: installing docker.io, iptables and jq from the distribution');
    await installPackages(p, await enginePackages(p));
    // On a machine with systemd, the package starts the engine.
    if (host.missingCapabilities.length === 0 && (await engineVersion(p)) !== undefined) return;
  }
  await boundRuntime(p, host);
  await startEngine(p, host);
}

/**
 * Wakes an engine that is installed but silent: a cluster survives the end of its engine.
 * Nothing is installed.
 * @returns false where no engine is installed: then nothing is kept
 * @throws ProvisionError where one is installed, but may not or cannot be started
 */
export async function wakeEngine(p: Provision): Promise<boolean> {
  if (!(await hasCommand(p, 'docker'))) return false;
  if ((await engineVersion(p)) !== undefined) return true;
  if (await hasCommand(p, 'dockerd')) {
    await ensureEngine(p);
    return true;
  }
  throw new ProvisionError(
    'Docker: no engine answers, so its containers cannot be listed.',
    'Start it, or unset DOCKER_HOST and DOCKER_CONTEXT if they name another one, then run this again.',
  );
}

/** Debian's packages of the engine; where the client is a package of its own (Debian 13), that one too. */
async function enginePackages(p: Provision): Promise<string[]> {
  const packages = ['docker.io', 'iptables', 'jq'];
  await aptUpdate(p);
  if (!(await hasCommand(p, 'docker')) && (await tryCommand(p, 'apt-cache', ['show', 'docker-cli']))) {
    packages.push('docker-cli');
  }
  return packages;
}

/** `apt-get update`, with retries on trouble of the network. */
export async function aptUpdate(p: Provision): Promise<void> {
  await commandWithRetry(p, 'apt-get', ['-o', 'Acquire::Retries=3', 'update'], {
    timeoutSeconds: 300,
    log: 'apt-update',
  });
}

/** Installs packages of the distribution without questions. Needs root. */
export async function installPackages(p: Provision, packages: string[]): Promise<void> {
  await commandWithRetry(
    p,
    'apt-get',
    [
      '-o',
      'Acquire::Retries=3',
      '-o',
      'DPkg::Lock::Timeout=120',
      'install',
      '-y',
      '--no-install-recommends',
      ...packages,
    ],
    {
      timeoutSeconds: 900,
      log: `apt-install-${packages[0] ?? 'none'}`,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      remedy: `Install ${packages.join(', ')} by hand, then run this again.`,
    },
  );
}

/** Whether a command of that name is on PATH. */
export async function hasCommand(p: Provision, name: string): Promise<boolean> {
  return (await tryCommand(p, 'sh', ['-c', 'command -v "$0"', name])) !== undefined;
}

async function boundRuntime(p: Provision, host: Host): Promise<void> {
  const version = /version ([^,\s]+)/.exec(await command(p, 'dockerd', ['--version']))?.[1] ?? '0';
  if (!needsBoundedRuntime(version, host.missingCapabilities)) return;
  p.log(
    `this machine lacks ${host.missingCapabilities.join(', ')}: Docker ${version} gets a runtime that asks for the rest only`,
  );
  if (!(await hasCommand(p, 'jq'))) {
    await aptUpdate(p);
    await installPackages(p, ['jq']);
  }
  const runc = (await command(p, 'sh', ['-c', 'command -v runc || command -v docker-runc'])).trim();
  await mkdir(path.dirname(WRAPPER), { recursive: true });
  await writeFile(WRAPPER, renderBoundedRunc(host.missingCapabilities, runc), { mode: 0o755 });
  const current = existsSync(DAEMON_CONFIG) ? await readFile(DAEMON_CONFIG, 'utf8') : undefined;
  let merged: string | undefined;
  try {
    merged = withBoundedRuntime(current, WRAPPER);
  } catch (error) {
    throw new ProvisionError(
      `${DAEMON_CONFIG} cannot be extended: ${error instanceof Error ? error.message : String(error)}.`,
      `Add the runtime ${WRAPPER} to ${DAEMON_CONFIG} as "default-runtime" by hand, start Docker, then run this again.`,
      { cause: error },
    );
  }
  if (merged === undefined) return;
  await mkdir(path.dirname(DAEMON_CONFIG), { recursive: true });
  await writeFile(DAEMON_CONFIG, merged);
}

async function startEngine(p: Provision, host: Host): Promise<void> {
  let version: string;
  if (host.systemd) {
    await command(p, 'systemctl', ['restart', 'docker'], { timeoutSeconds: 120, log: 'dockerd' });
    version = await untilAnswered(p, engineVersion, '"journalctl -u docker"');
  } else {
    p.log('starting dockerd');
    version = await startDaemon(p, engineVersion);
  }
  p.log(`Docker ${version} answers`);
}

/**
 * Starts dockerd, and again where it gave up. An engine that is just ending locks its store until its containers have ended.
 * @param version what the engine answers with, undefined while none does
 * @returns its version
 * @throws ProvisionError where none answers within the seconds given
 */
export async function startDaemon(
  p: Provision,
  version: (p: Provision) => Promise<string | undefined>,
  seconds = START_SECONDS,
): Promise<string> {
  let daemon = await spawnDaemon(p);
  return untilAnswered(p, version, logPath(p, 'dockerd'), seconds, async () => {
    if (daemon.exitCode === null) return;
    await delay(1_000, undefined, { signal: p.signal });
    daemon = await spawnDaemon(p);
  });
}

/** Asks four times a second. Calls `eachTime` after each question without an answer. */
async function untilAnswered(
  p: Provision,
  version: (p: Provision) => Promise<string | undefined>,
  log: string,
  seconds = START_SECONDS,
  eachTime: () => Promise<void> = async () => {},
): Promise<string> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    await delay(250, undefined, { signal: p.signal });
    const answer = await version(p);
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) {
      throw new ProvisionError(
        `dockerd was started, but did not answer within ${seconds} s.`,
        `Read ${log}: its last lines say why.`,
      );
    }
    await eachTime();
  }
}

/** Detached and unreferenced: the engine outlives this command, like one that an init system starts. */
async function spawnDaemon(p: Provision): Promise<ChildProcess> {
  await mkdir(path.dirname(logPath(p, 'dockerd')), { recursive: true });
  const log = openSync(logPath(p, 'dockerd'), 'a');
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] });
  daemon.on('error', (error) => p.log(`dockerd could not be started: ${error.message}`));
  daemon.unref();
  closeSync(log);
  return daemon;
}
