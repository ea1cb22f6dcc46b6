import { command, commandWithRetry, tryCommand } from '../machine/command.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';

/** The program that copies an image from the engine into a registry. */
export type PushWay = 'docker' | 'skopeo';

/** A registry that cannot be pushed to with these options. */
export class CannotPush extends ProvisionError {}

/**
 * Reference of a local image (backendai-e2e/<name>:<key>) in a registry.
 * @param registry host with optional port and path, for example "registry.example:5000/team"
 */
export function pushedRef(registry: string, ref: string): string {
  return `${checkRegistry(registry)}/${ref.slice(ref.lastIndexOf('/') + 1)}`;
}

/** The registry without a slash at its end. Throws CannotPush for a text that cannot begin an image reference. */
export function checkRegistry(registry: string): string {
  const trimmed = registry.replace(/\/+$/, '');
  const host = trimmed.split('/')[0] ?? '';
  const isHost = /^[a-z0-9.-]+(:\d+)?$/i.test(host) && (/[.:]/.test(host) || host === 'localhost');
  const isPath = /^[^/]+(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(trimmed.replace(host, 'host'));
  if (isHost && isPath) return trimmed;
  throw new CannotPush(
    `"${registry}" does not begin an image reference`,
    'Give a host with optional port and path in small letters, without a scheme: registry.example:5000/team',
  );
}

/**
 * Chooses the program that pushes. Docker uses plain HTTP, or HTTPS without checks, only for this machine and for registries in
 * its daemon's settings. So skopeo pushes to others. Throws CannotPush where skopeo is needed and missing.
 */
export function pushWay(registry: string, insecure: boolean, hasSkopeo: boolean): PushWay {
  const host = registry.split('/')[0]?.replace(/:\d+$/, '') ?? '';
  if (!insecure || host === 'localhost' || host.startsWith('127.')) return 'docker';
  if (hasSkopeo) return 'skopeo';
  throw new CannotPush(
    `${registry} must be pushed to without TLS, which Docker does only for registries in its daemon's settings`,
    'Install skopeo, or list the registry under insecure-registries in daemon.json and leave out --insecure.',
  );
}

/** Pushes images of the engine under their pushedRef. Returns local reference → pushed reference. */
export async function pushImages(
  refs: readonly string[],
  to: { registry: string; insecure: boolean },
  p: Provision,
): Promise<Map<string, string>> {
  const hasSkopeo = to.insecure && (await tryCommand(p, 'skopeo', ['--version'])) !== undefined;
  const way = pushWay(checkRegistry(to.registry), to.insecure, hasSkopeo);
  const pushed = new Map<string, string>();
  for (const ref of refs) {
    const target = pushedRef(to.registry, ref);
    const from = performance.now();
    if (way === 'docker') await dockerPush(ref, target, p);
    else await skopeoCopy(ref, target, p);
    p.log(`pushed ${target} in ${((performance.now() - from) / 1000).toFixed(1)} s`);
    pushed.set(ref, target);
  }
  return pushed;
}

const PUSH = {
  timeoutSeconds: 1_800,
  log: 'push',
  remedy: 'Is the registry reachable, and are you logged in (docker login)?',
};

async function dockerPush(ref: string, target: string, p: Provision): Promise<void> {
  await command(p, 'docker', ['tag', ref, target]);
  try {
    await commandWithRetry(p, 'docker', ['push', target], PUSH);
  } finally {
    await tryCommand(p, 'docker', ['image', 'rm', target], { signal: AbortSignal.timeout(60_000) });
  }
}

async function skopeoCopy(ref: string, target: string, p: Provision): Promise<void> {
  const args = ['copy', '--dest-tls-verify=false', `docker-daemon:${ref}`, `docker://${target}`];
  await commandWithRetry(p, 'skopeo', args, PUSH);
}
