import { rm } from 'node:fs/promises';
import path from 'node:path';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { loadKubeconfig } from '@backendai-e2e/kube/kubeconfig';
import { type RestApi, RestClient } from '@backendai-e2e/kube/rest-client';
import type { Choice } from '../backend-ai/choice.ts';
import {
  clusterExists,
  createCluster,
  deleteCluster,
  holdsImages,
  loadImages,
  writeKubeconfig,
} from '../cluster/kind-cluster.ts';
import { addLayer } from '../cluster/source-layer.ts';
import { ensureImages, type ImageSet } from '../images/build.ts';
import { command } from '../machine/command.ts';
import { type Finding, inspectMachine } from '../machine/doctor.ts';
import { ensureEngine } from '../machine/engine.ts';
import type { Provision } from '../machine/provision.ts';
import { ensureTool } from '../machine/tools.ts';
import { type MemoryWatch, watchNodeMemory } from './memory.ts';
import { NAMES } from './names.ts';
import { type NodeCpu, readNodeCpu } from './node-cpu.ts';
import { installOperator } from './operator-release.ts';

/** Paths of the tools that a job calls. */
export interface Tools {
  kind: string;
  helm: string;
  kubectl: string;
}

/** Everything that a job does to the machine and the cluster apart from talking to the API server. */
export interface Effects {
  /** What the machine has for this number of environments. */
  inspect(p: Provision, environments: number): Promise<Finding[]>;
  tools(p: Provision): Promise<Tools>;
  engine(p: Provision): Promise<void>;
  /** `kept`: the cluster exists, and gets edits as layers where possible. */
  images(p: Provision, wish?: { kept?: boolean; backendAi?: Choice | undefined }): Promise<ImageSet>;
  clusterExists(p: Provision): Promise<boolean>;
  createCluster(nodeImage: string, p: Provision): Promise<void>;
  /** Writes the kubeconfig of the cluster that exists. */
  joinCluster(p: Provision): Promise<void>;
  loadImages(refs: string[], p: Provision): Promise<void>;
  /** Deletes the cluster with its containers, network and kubeconfig. Safe when there is none. */
  deleteCluster(p: Provision): Promise<void>;
  /** What a job left on the machine against its will, a line each. */
  leftovers(p: Provision): Promise<string[]>;
  connect(): Promise<RestApi>;
  installOperator(tools: Tools, images: ImageSet, p: Provision): Promise<void>;
  /** Output of kubectl with these arguments. */
  kubectl(tools: Tools, args: string[], p: Provision): Promise<string>;
  watchMemory(p: Provision): MemoryWatch;
  /** The CPU of the node since it started; undefined if it cannot be read. */
  nodeCpu(p: Provision): Promise<NodeCpu | undefined>;
}

/** The real effects. `root` is the checkout; the kubeconfig and the values lie in its out/e2e. */
export function realEffects(root: string): Effects {
  const out = path.join(root, NAMES.out);
  const kubeconfig = path.join(out, 'kubeconfig');
  return {
    inspect: inspectMachine,
    tools: async (p) => ({
      kind: await ensureTool('kind', p),
      helm: await ensureTool('helm', p),
      kubectl: await ensureTool('kubectl', p),
    }),
    engine: ensureEngine,
    images: (p, { kept, backendAi } = {}) =>
      ensureImages(p, {
        ...(backendAi ? { backendAi } : {}),
        ...(kept
          ? {
              addLayer: (request) => addLayer(NAMES.cluster, request, p),
              holds: (refs) => holdsImages(NAMES.cluster, refs, p),
            }
          : {}),
      }),
    clusterExists: (p) => clusterExists(NAMES.cluster, p),
    createCluster: (nodeImage, p) => createCluster({ name: NAMES.cluster, nodeImage, kubeconfig }, p),
    joinCluster: (p) => writeKubeconfig({ name: NAMES.cluster, kubeconfig }, p),
    loadImages: (refs, p) => loadImages(NAMES.cluster, refs, p),
    deleteCluster: async (p) => {
      await deleteCluster(NAMES.cluster, p);
      await rm(kubeconfig, { force: true });
    },
    leftovers: async (p) => {
      const filter = `label=io.x-k8s.kind.cluster=${NAMES.cluster}`;
      const format = 'container {{.Names}} ({{.Status}})';
      const containers = await command(p, 'docker', ['ps', '--all', '--filter', filter, '--format', format]);
      const ours = ['--filter', `name=^${NAMES.cluster}$`, '--format', 'network {{.Name}}'];
      const networks = await command(p, 'docker', ['network', 'ls', ...ours]);
      return `${containers}\n${networks}`.split('\n').filter((line) => line !== '');
    },
    connect: async () => new RestClient(loadKubeconfig({ kubeconfig }), { fieldManager: FIELD_MANAGERS.cli }),
    installOperator: (tools, images, p) => installOperator({ root, out, kubeconfig }, tools, images, p),
    kubectl: (tools, args, p) => command(p, tools.kubectl, ['--kubeconfig', kubeconfig, ...args]),
    watchMemory: (p) => watchNodeMemory(`${NAMES.cluster}-control-plane`, p),
    nodeCpu: (p) => readNodeCpu(`${NAMES.cluster}-control-plane`, p),
  };
}
