import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { command } from '../../machine/command.ts';
import { goCompileFile } from '../../machine/go.ts';
import { PROJECT_ROOT, type Provision } from '../../machine/provision.ts';
import { KUBERNETES_COMMANDS } from '../../machine/tool-recipes.ts';
import { cachedPath, ensureBuilt, type ToolName } from '../../machine/tools.ts';
import { VERSIONS } from '../../machine/versions.ts';
import { linkOrCopy } from '../extras.ts';

/** An image of the control plane and the program it is made of. */
export interface ControlPlaneImage {
  /** As kubeadm names it, e.g. <registry>/kube-apiserver:v1.34.4. */
  ref: string;
  /** "pause" is compiled from images/pause; kube-proxy is an image of ours; the rest are tools of the cache. */
  program: ToolName | 'pause';
  /** Where the program lies in the image: some manifests of kubeadm name the command, others rely on this. */
  file: string;
}

/** Every tool that the node image and its control plane are made of. */
const NODE_TOOLS: readonly ToolName[] = [...KUBERNETES_COMMANDS, 'etcd', 'coredns'];

/**
 * What to make for each image that kubeadm will ask for.
 * @param listed lines of `kubeadm config images list`
 * @throws Error for an image that is not known, or whose tag is not the one pinned in versions.json
 */
export function controlPlaneImages(listed: readonly string[]): ControlPlaneImage[] {
  const pinned: Record<string, { program: ToolName | 'pause'; tag: string; file: string }> = {
    'kube-apiserver': kubernetes('kube-apiserver'),
    'kube-controller-manager': kubernetes('kube-controller-manager'),
    'kube-scheduler': kubernetes('kube-scheduler'),
    'kube-proxy': kubernetes('kube-proxy'),
    etcd: { program: 'etcd', tag: VERSIONS.etcdImage, file: '/usr/local/bin/etcd' },
    coredns: { program: 'coredns', tag: VERSIONS.corednsImage, file: '/coredns' },
    pause: { program: 'pause', tag: VERSIONS.pause, file: '/pause' },
  };
  return listed.map((ref) => {
    const [name = '', tag = ''] = (ref.split('/').at(-1) ?? '').split(':');
    const known = pinned[name];
    if (known === undefined) throw new Error(`kubeadm asks for ${ref}, which nothing here can make`);
    if (known.tag !== tag) {
      throw new Error(
        `kubeadm asks for ${ref}, but versions.json pins ${name} at ${known.tag}: change the pin`,
      );
    }
    return { ref, program: known.program, file: known.file };
  });
}

function kubernetes(program: ToolName) {
  return { program, tag: VERSIONS.kubernetes, file: `/usr/local/bin/${program}` };
}

/**
 * Makes the control plane's images in the engine, under the names that kubeadm of this release uses.
 * @param kubeProxy reference of our image of kube-proxy
 * @returns their references
 */
export async function makeControlPlaneImages(p: Provision, kubeProxy: string): Promise<string[]> {
  await ensureBuilt(NODE_TOOLS, p);
  const listed = await command(p, cachedPath('kubeadm', p), [
    'config',
    'images',
    'list',
    '--kubernetes-version',
    VERSIONS.kubernetes,
  ]);
  const images = controlPlaneImages(listed.split('\n').filter(Boolean));
  const temporary = path.join(p.cacheDir, 'contexts');
  await mkdir(temporary, { recursive: true });
  const work = await mkdtemp(path.join(temporary, 'control-plane-'));
  try {
    for (const image of images) {
      if (image.program === 'kube-proxy') await command(p, 'docker', ['tag', kubeProxy, image.ref]);
      else await importProgram(p, image, work);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return images.map((image) => image.ref);
}

async function importProgram(p: Provision, image: ControlPlaneImage, work: string): Promise<void> {
  const root = path.join(work, image.program);
  const target = path.join(root, image.file);
  await mkdir(path.dirname(target), { recursive: true });
  if (image.program === 'pause') {
    const source = path.join(work, 'pause.go');
    await cp(path.join(PROJECT_ROOT, 'images/pause/pause.go'), source);
    await goCompileFile(p, source, target);
  } else {
    await linkOrCopy(cachedPath(image.program, p), target);
  }
  const tar = `${root}.tar`;
  await command(p, 'tar', ['--owner=0', '--group=0', '--numeric-owner', '-C', root, '-cf', tar, '.']);
  await command(
    p,
    'docker',
    [
      'import',
      '--change',
      `ENTRYPOINT ["${image.file}"]`,
      '--change',
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      tar,
      image.ref,
    ],
    {
      timeoutSeconds: 300,
      remedy: 'See that the disk is not full and that the Docker engine still answers.',
    },
  );
  await rm(tar, { force: true });
}
