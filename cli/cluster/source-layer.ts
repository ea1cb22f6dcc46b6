import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LayerContent, LayerRequest } from '../images/layers.ts';
import { type ImageConfig, layerOnTop, type Manifest } from '../images/oci-layer.ts';
import { command } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';
import { loadImages, nodesOf } from './kind-cluster.ts';

/** In a folder of a layer: hides what the layers below have there. */
const OPAQUE = '.wh..wh..opq';
const CTR = ['ctr', '--namespace', 'k8s.io'];
/** Bash: $1 is the folder of an OCI image layout, $2 the node's container. */
const IMPORT_INTO_NODE =
  'tar --create --directory "$1" . | docker exec -i "$2" ctr --namespace k8s.io images import -';

/**
 * Gives every node of a cluster an image as one layer on top of an image that it holds. Nothing is built, and only the layer is
 * sent: an edit is in the cluster after seconds. What the layer lacks against a built image is the compile cache of Node.js.
 * @returns false where a node holds neither the image nor one of its bases
 */
export async function addSourceLayer(cluster: string, request: LayerRequest, p: Provision): Promise<boolean> {
  const nodes = await nodesOf(cluster, p);
  const lacking: { node: string; base: string }[] = [];
  for (const node of nodes) {
    const held = new Set((await inNode(node, ['images', 'ls', '-q'], p)).split('\n'));
    if (held.has(fullName(request.ref))) continue;
    const base = request.bases.find((ref) => held.has(fullName(ref)));
    if (base === undefined) return false;
    lacking.push({ node, base });
  }
  if (lacking.length === 0) return nodes.length > 0;
  const started = Date.now();
  await request.withContent(async (content) => {
    const work = await mkdtemp(path.join(p.cacheDir, 'contexts', 'layer-'));
    try {
      const layer = await layerOf(content, work, p);
      for (const { node, base } of lacking) {
        const layout = path.join(work, 'layout');
        for (const file of layerOnTop(await imageIn(node, base, p), layer, fullName(request.ref))) {
          const target = path.join(layout, file.path);
          await mkdir(path.dirname(target), { recursive: true });
          await writeFile(target, file.content);
        }
        await command(p, 'bash', ['-o', 'pipefail', '-c', IMPORT_INTO_NODE, 'bash', layout, node], {
          timeoutSeconds: 120,
          log: 'source-layer',
        });
        await rm(layout, { recursive: true });
      }
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  p.log(
    `put the sources of ${request.ref} on top of its base in ${((Date.now() - started) / 1_000).toFixed(1)} s`,
  );
  return true;
}

/** The same, after it has loaded the base of an image that no node holds. */
export async function addLayer(cluster: string, request: LayerRequest, p: Provision): Promise<boolean> {
  if (await addSourceLayer(cluster, request, p)) return true;
  if (!request.makeBase) return false;
  await loadImages(cluster, [await request.makeBase()], p);
  return addSourceLayer(cluster, request, p);
}

/** A tar with the folders in place of those below, owned by root and without times: equal content, equal layer. */
async function layerOf(content: LayerContent, work: string, p: Provision): Promise<Buffer> {
  if ('tar' in content) return content.tar;
  const { folders } = content;
  const root = path.join(work, 'root');
  for (const [to, from] of Object.entries(folders)) {
    const target = path.join(root, to);
    await mkdir(path.dirname(target), { recursive: true });
    await cp(from, target, { recursive: true, verbatimSymlinks: true });
    await writeFile(path.join(target, OPAQUE), '');
  }
  await command(p, 'chmod', ['-R', 'a+rX,go-w', root]);
  const file = path.join(work, 'layer.tar');
  const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  // Only the folders themselves: an entry for their parents would change the parents' owners.
  await command(p, 'tar', [
    '--create',
    '--file',
    file,
    ...plain,
    '--directory',
    root,
    ...Object.keys(folders),
  ]);
  return readFile(file);
}

/** Manifest and configuration of an image in a node. */
async function imageIn(
  node: string,
  ref: string,
  p: Provision,
): Promise<{ manifest: Manifest; config: ImageConfig }> {
  const lines = await inNode(node, ['images', 'ls', `name==${fullName(ref)}`], p);
  const digest = /sha256:[0-9a-f]{64}/.exec(lines)?.[0];
  if (!digest) throw new Error(`containerd in ${node} names no digest for ${ref}: ${lines}`);
  const content = async <T>(of: string): Promise<T> =>
    JSON.parse(await inNode(node, ['content', 'get', of], p)) as T;
  const top = await content<Manifest | { manifests: { digest: string }[] }>(digest);
  const manifest = 'manifests' in top ? await content<Manifest>(top.manifests[0]?.digest ?? '') : top;
  return { manifest, config: await content<ImageConfig>(manifest.config.digest) };
}

function inNode(node: string, args: string[], p: Provision): Promise<string> {
  return command(p, 'docker', ['exec', node, ...CTR, ...args]);
}

/** containerd writes Docker's short names with their registry in front. */
function fullName(ref: string): string {
  return `docker.io/${ref}`;
}
