import { mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { command } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';

/** Seconds to compare a checkout with the packages, and to compile what differs. */
const LAY_SECONDS = 300;
const PACKAGES = '/opt/bai/lib/python3.13/site-packages/ai/backend';
/** In the container: the same steps as images/checkout/Dockerfile, then the layer. */
const LAY = [
  'mkdir -p /build',
  'tar --extract --directory /build',
  `python /build/lay.py /build/sources ${PACKAGES} /build/changed.json`,
  'python /opt/bai/record.py /build/source.json',
  'exec python /build/pack.py /build/changed.json /opt/bai/release.json',
].join(' && ');
/** Bash: $1 is the context, $2 the file that gets the layer, $3 the image, $4 the steps. */
const IN_CONTAINER =
  'tar --create --directory "$1" . | docker run --rm --interactive --network=none --user=0:0 "$3" sh -euc "$4" > "$2"';

/**
 * Lays a build context of images/checkout over the packages of an image, in a container of it.
 * @returns the layer: a tar of what differs from the image
 * @throws CommandError with the output of lay.py
 */
export async function layOver(image: string, context: string, p: Provision): Promise<Buffer> {
  const work = await mkdtemp(path.join(p.cacheDir, 'contexts', 'laid-'));
  try {
    const file = path.join(work, 'layer.tar');
    await command(p, 'bash', ['-o', 'pipefail', '-c', IN_CONTAINER, 'bash', context, file, image, LAY], {
      timeoutSeconds: LAY_SECONDS,
      log: 'lay-over',
    });
    return await readFile(file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
