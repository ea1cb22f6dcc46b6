import { command, tryCommand } from '../../machine/command.ts';
import type { Provision } from '../../machine/provision.ts';

/**
 * Docker volume that holds containerd's data. `sets/<key>` is a set of images, unpacked once. `clusters/<name>` is the copy that
 * one cluster works on. It is a volume, not a folder of the host, because the engine may run elsewhere. A bind mount of the
 * volume's own mount point works there too.
 */
const VOLUME = 'backendai-e2e-containerd';
/** Where containers of ours see the volume. */
export const SETS_MOUNT = '/containerd-sets';
/** Docker options that mount the volume. */
export const SETS_OPTIONS = ['--volume', `${VOLUME}:${SETS_MOUNT}`] as const;

/** Label of node images: the key of the set of images that its clusters start with. */
export const SET_LABEL = 'e2e.backend.ai.containerd-set';

/**
 * Shell: $0 is the volume, $1 the key of a set, $2 the name of a cluster. Layers and unpacked snapshots are hard links, because
 * containerd never writes to a committed file of either. Content is addressed by its digest, and snapshots are lower
 * directories of an overlay. All the rest, its databases above all, is copied. Some 100,000 links take seconds. Unpacking took
 * 100 CPU seconds a cluster.
 */
export const CLONE = `
set -eu
from=$0/sets/$1
to=$0/clusters/$2
rm -rf "$to"
mkdir -p "$to"
cd "$from"
for part in *; do
  case $part in
    io.containerd.content.v1.content) cp -al "$part" "$to/" ;;
    io.containerd.snapshotter.v1.overlayfs)
      mkdir "$to/$part"
      cp -a "$part/metadata.db" "$to/$part/"
      cp -al "$part/snapshots" "$to/$part/"
      ;;
    *) cp -a "$part" "$to/" ;;
  esac
done`;

/** Whether the volume holds the set. @param image any image with a shell */
export async function hasSet(p: Provision, image: string, key: string): Promise<boolean> {
  if ((await tryCommand(p, 'docker', ['volume', 'inspect', VOLUME])) === undefined) return false;
  return (await tryCommand(p, 'docker', inVolume(image, 'test -d "$0/sets/$1"', key))) !== undefined;
}

/**
 * Makes a cluster's own copy of the set that its node image names.
 * @returns its place on the engine's host, for a bind mount; undefined for a node image without a set
 */
export async function cloneSet(
  p: Provision,
  nodeImage: string,
  cluster: string,
): Promise<string | undefined> {
  const key = await setOf(p, nodeImage);
  if (key === undefined) return undefined;
  await command(p, 'docker', inVolume(nodeImage, CLONE, key, cluster), { timeoutSeconds: 300 });
  const format = '{{.Mountpoint}}';
  const mountpoint = await command(p, 'docker', ['volume', 'inspect', '--format', format, VOLUME]);
  return `${mountpoint.trim()}/clusters/${cluster}`;
}

/** Removes a cluster's copy. A missing copy is no error. */
export async function removeClone(p: Provision, nodeImage: string, cluster: string): Promise<void> {
  if ((await setOf(p, nodeImage)) === undefined) return;
  await command(p, 'docker', inVolume(nodeImage, 'rm -rf "$0/clusters/$1"', cluster), {
    timeoutSeconds: 300,
  });
}

/** The key of the set that a node image names. */
async function setOf(p: Provision, nodeImage: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${SET_LABEL}"}}`;
  const label = await command(p, 'docker', ['image', 'inspect', '--format', format, nodeImage]);
  const key = label.trim();
  return key === '' || key === '<no value>' ? undefined : key;
}

/** `docker run` of a shell script that gets the volume as $0, and its arguments. */
function inVolume(image: string, shell: string, ...args: string[]): string[] {
  return ['run', '--rm', ...SETS_OPTIONS, '--entrypoint', 'sh', image, '-c', shell, SETS_MOUNT, ...args];
}
