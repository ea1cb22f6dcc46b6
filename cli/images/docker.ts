import { command, commandWithRetry, tryCommand } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';

/** Prefix of the references of our images. */
export const REPOSITORY = 'backendai-e2e';

/** The image's id (sha256:…), or undefined where the engine does not hold it. */
export async function imageId(p: Provision, ref: string): Promise<string | undefined> {
  return (await tryCommand(p, 'docker', ['image', 'inspect', '--format', '{{.Id}}', ref]))?.trim();
}

let buildKit: Promise<boolean> | undefined;

/** Builds a context folder. BuildKit where the client has buildx, else the engine's own builder. */
export async function dockerBuild(
  p: Provision,
  build: {
    ref: string;
    context: string;
    args: Record<string, string>;
    labels: Record<string, string>;
    log: string;
  },
): Promise<void> {
  buildKit ??= tryCommand(p, 'docker', ['buildx', 'version']).then((version) => version !== undefined);
  const args = Object.entries({ ...proxyArgs(process.env), ...build.args });
  await commandWithRetry(
    p,
    'docker',
    [
      'build',
      '--force-rm',
      '--tag',
      build.ref,
      ...args.flatMap(([k, v]) => ['--build-arg', `${k}=${v}`]),
      ...Object.entries(build.labels).flatMap(([k, v]) => ['--label', `${k}=${v}`]),
      build.context,
    ],
    {
      timeoutSeconds: 1_800,
      log: build.log,
      env: { DOCKER_BUILDKIT: (await buildKit) ? '1' : '0' },
    },
  );
}

/** Proxy settings that a build needs too; Docker leaves these names out of the image and its history. */
export function proxyArgs(env: Record<string, string | undefined>): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/**
 * Pulls an image. Returns false where no registry answers within 20 s, or none holds the image. A pull that has begun may take
 * ten minutes.
 */
export async function pull(p: Provision, ref: string): Promise<boolean> {
  const out = await tryCommand(p, 'docker', ['pull', ref], {
    timeoutSeconds: 600,
    firstLineSeconds: 20,
    log: `pull-${ref.replaceAll(/[^\w.-]/g, '-')}`,
  });
  return out !== undefined;
}

/**
 * Tags of a repository that the engine holds, e.g. ["backendai-e2e/base:0123456789ab"].
 * @param label only images with this label ("key=value")
 */
export async function refsOf(p: Provision, repository: string, label?: string): Promise<string[]> {
  const filter = label === undefined ? [] : ['--filter', `label=${label}`];
  const args = ['image', 'ls', ...filter, '--format', '{{.Repository}}:{{.Tag}}', repository];
  const out = await command(p, 'docker', args);
  return out.split('\n').filter((ref) => ref !== '' && !ref.endsWith(':<none>'));
}

/** Removes references; one that a container still uses stays, which is no error. */
export async function removeRefs(p: Provision, refs: string[]): Promise<void> {
  for (const ref of refs) await tryCommand(p, 'docker', ['image', 'rm', ref], { timeoutSeconds: 120 });
}

/** Where to take images from: E2E_IMAGES. */
export type Source = 'registry' | 'local' | 'auto';

/** Reads E2E_IMAGES. @throws Error for another value */
export function imageSource(env: Record<string, string | undefined>): Source {
  const value = env.E2E_IMAGES ?? 'auto';
  if (value !== 'registry' && value !== 'local' && value !== 'auto') {
    throw new Error(`E2E_IMAGES is "${value}": expected registry, local or auto`);
  }
  return value;
}
