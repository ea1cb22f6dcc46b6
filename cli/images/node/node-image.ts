import path from 'node:path';
import { tryCommand } from '../../machine/command.ts';
import { type Host, inspectHost } from '../../machine/host.ts';
import { inParallel } from '../../machine/parallel.ts';
import { PROJECT_ROOT, type Provision, ProvisionError } from '../../machine/provision.ts';
import { VERSIONS } from '../../machine/versions.ts';
import { contentKey, pathParts } from '../content-key.ts';
import { imageId, imageSource, pull, REPOSITORY, refsOf, removeRefs } from '../docker.ts';
import type { Builder } from '../extras.ts';
import { bake } from './bake.ts';
import { hasSet, SET_LABEL } from './containerd-set.ts';
import { makeControlPlaneImages } from './control-plane.ts';

/** Label of node images: whose network they bring, "kind" (kindnet) or "static" (ours). */
export const NETWORK_LABEL = 'e2e.backend.ai.network';

/** Changes that a node image needs on a host. */
export interface Adaptation {
  /** Arguments for systemd. */
  init: string[];
  /** Shell commands on the node's files. */
  commands: string[];
}

/**
 * Changes of the node image that this host needs. An ordinary one needs none.
 * - cgroup v1: systemd 257 (Debian 13) refuses to start without its argument.
 * - No CAP_SYS_RESOURCE: containerd may not lower the OOM score of what it starts, and must be configured not to try.
 */
export function adaptationFor(host: Pick<Host, 'cgroup' | 'missingCapabilities'>): Adaptation {
  return {
    init: host.cgroup === 1 ? ['SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'] : [],
    commands: host.missingCapabilities.includes('CAP_SYS_RESOURCE')
      ? [
          "sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' /etc/containerd/config.toml",
          'grep -q "restrict_oom_score_adj = true" /etc/containerd/config.toml',
        ]
      : [],
  };
}

/** The contents of a node image. */
export interface NodeSet {
  /** name → reference: the node image is keyed by these. The engine may lack them while it has the node image. */
  images: Record<string, string>;
  /** References that are added when it is made; a change of them does not rebuild it. */
  alongside: readonly string[];
  /** Builds all of them in the engine; called only to make the node image. */
  build: ReadonlyArray<() => Promise<void>>;
}

/** Provides a node image with the given images for this host, and returns its reference. */
export async function ensureNodeSet(builder: Builder, set: NodeSet): Promise<string> {
  const { p } = builder;
  const adaptation = adaptationFor(await inspectHost());
  const node = await planNode(builder);
  const key = contentKey({ ...set.images, ' node': node.ref, ' adaptation': JSON.stringify(adaptation) });
  const repository = `${REPOSITORY}/node-set`;
  const ref = `${repository}:${key}`;
  if ((await imageId(p, ref)) && (await hasSet(p, ref, key))) return ref;

  // Together: some wait for downloads while others compile.
  await inParallel([() => node.ensure(), ...set.build], builder.stop);
  const started = Date.now();
  const images = [...Object.values(set.images), ...set.alongside];
  p.log(`node image: putting ${images.length} images into it`);
  await bake(p, {
    from: node.ref,
    to: ref,
    images,
    commands: adaptation.commands,
    entrypoint: ['/usr/local/bin/entrypoint', '/sbin/init', ...adaptation.init],
    labels: { [NETWORK_LABEL]: node.network, [SET_LABEL]: key },
    log: 'bake-node-set',
    set: key,
  });
  p.log(`node image: made in ${Math.round((Date.now() - started) / 1_000)} s`);
  await removeRefs(
    p,
    (await refsOf(p, repository)).filter((other) => other !== ref),
  );
  p.log(`disk: ${await diskUse(p)}`);
  return ref;
}

/** How the disk is used, e.g. "Images 6.7GB, Containers 1.4MB, …, cache 1.1G". */
async function diskUse(p: Provision): Promise<string> {
  const engine = await tryCommand(p, 'docker', ['system', 'df', '--format', '{{.Type}} {{.Size}}']);
  const cache = await tryCommand(p, 'du', ['-sh', p.cacheDir]);
  return [...(engine ?? '').split('\n').filter(Boolean), `cache ${cache?.split('\t')[0] ?? '?'}`].join(', ');
}

/** A node image without our images. */
interface PlainNode {
  ref: string;
  network: 'kind' | 'static';
  ensure(): Promise<void>;
}

/** Decides between the registry's node image and our own. */
async function planNode(builder: Builder): Promise<PlainNode> {
  const { p } = builder;
  const source = imageSource(process.env);
  const registry: PlainNode = { ref: VERSIONS.kindNodeImage, network: 'kind', ensure: async () => undefined };
  const local = await localNode(builder);
  if (source !== 'local') {
    if (await imageId(p, registry.ref)) return registry;
    if (source === 'registry' || !(await imageId(p, local.ref))) {
      p.log(`asking the registry for ${registry.ref}`);
      if (await pull(p, registry.ref)) return registry;
      if (source === 'registry') {
        throw new ProvisionError(
          `No registry gave ${registry.ref}, and E2E_IMAGES=registry allows no other way.`,
          'Unset E2E_IMAGES to build it here, or see what "docker pull" says.',
        );
      }
    }
  }
  return local;
}

async function localNode(builder: Builder): Promise<PlainNode> {
  const { p } = builder;
  const repository = `${REPOSITORY}/node-local`;
  const ref = `${repository}:${contentKey({
    node: await builder.keyOf('node'),
    kubeProxy: await builder.keyOf('kube-proxy'),
    pause: contentKey(await pathParts(path.join(PROJECT_ROOT, 'images/pause'))),
    controlPlane: JSON.stringify([VERSIONS.kubernetes, VERSIONS.etcd, VERSIONS.coredns, VERSIONS.pause]),
  })}`;
  const ensure = async (): Promise<void> => {
    if (await imageId(p, ref)) return;
    p.log(`no registry answers: making the kind node image of Kubernetes ${VERSIONS.kubernetes}`);
    const node = await builder.build('node');
    const images = await makeControlPlaneImages(p, await builder.build('kube-proxy'));
    try {
      await bake(p, {
        from: node,
        to: ref,
        images,
        commands: [],
        entrypoint: ['/usr/local/bin/entrypoint', '/sbin/init'],
        labels: { [NETWORK_LABEL]: 'static' },
        log: 'bake-node',
      });
    } finally {
      await removeRefs(p, images);
    }
    await removeRefs(
      p,
      (await refsOf(p, repository)).filter((other) => other !== ref),
    );
  };
  return { ref, network: 'static', ensure };
}
