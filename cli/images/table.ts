import { VERSIONS } from '../machine/versions.ts';
import { type Extra, hostCertificates, kindFiles, projectPath, savedImage, tool } from './extras.ts';
import { compiledCode, nodeBinary, productionModules } from './javascript.ts';

/** One image of ours. Its Dockerfile and context are images/<name>/. */
export interface ImageRow {
  name: string;
  /**
   * The image it is built on, handed to the Dockerfile as build argument BASE: another row's name, or "debian" for the
   * Debian base image (a registry's or our own).
   */
  parent: string;
  /** What the build context holds beside the files of its folder. */
  extras?: Extra[];
  /**
   * Folder of the build context → the folder of the image that it replaces as a whole. Where it is given, these folders are all
   * that an edit changes: a kept cluster gets them as one layer, without a build. See cli/cluster/source-layer.ts.
   */
  layer?: Record<string, string>;
  /** Pinned versions handed to the Dockerfile as build arguments. */
  args?: Record<string, string>;
}

/** Images that are baked into the node image: they change rarely, and every cluster needs all of them. */
export const BAKED = [
  'postgres',
  'valkey',
  'etcd',
  'registry',
  's3',
  'backend-ai',
  'agent',
  'kernel-push',
  'fault-tools',
  'suites-backend-ai',
] as const;

/** Images with the project's own code: loaded into the running node, because they change with every edit. */
export const LOADED = ['operator', 'suites'] as const;

export type ImageName = (typeof BAKED)[number] | (typeof LOADED)[number];

/** Every image, in no particular order: parents and extras say what is built first. */
export const IMAGES: ImageRow[] = [
  { name: 'base', parent: 'debian', extras: [hostCertificates('certificates')] },
  { name: 'postgres', parent: 'base' },
  { name: 'valkey', parent: 'base' },
  { name: 'etcd', parent: 'base' },
  { name: 'registry', parent: 'base' },
  { name: 's3', parent: 'base', extras: [tool('versitygw', 'versitygw')] },
  { name: 'backend-ai', parent: 'base' },
  { name: 'agent', parent: 'backend-ai' },
  { name: 'fault-tools', parent: 'base' },
  {
    name: 'suites-backend-ai',
    parent: 'backend-ai',
    extras: [
      projectPath('images/backend-ai/uv.txt', 'uv.txt'),
      ...['alembic.ini', 'alembic-appproxy.ini', 'manager.toml'].map((file) =>
        projectPath(`charts/backend-ai/files/config/${file}`, file),
      ),
    ],
  },
  { name: 'kernel', parent: 'base' },
  { name: 'kernel-push', parent: 'base', extras: [savedImage('kernel', 'kernel.tar')] },
  { name: 'node-base', parent: 'base', extras: [kindFiles('files')], args: { PAUSE: VERSIONS.pause } },
  {
    name: 'node',
    parent: 'node-base',
    extras: [tool('kubeadm', 'bin/kubeadm'), tool('kubelet', 'bin/kubelet'), tool('kubectl', 'bin/kubectl')],
    args: { KUBERNETES: VERSIONS.kubernetes },
  },
  { name: 'kube-proxy', parent: 'base', extras: [tool('kube-proxy', 'kube-proxy')] },
  { name: 'node-runtime', parent: 'base', extras: [nodeBinary('node')] },
  {
    name: 'operator-modules',
    parent: 'node-runtime',
    extras: [tool('helm', 'helm'), productionModules('operator', 'node_modules')],
  },
  {
    name: 'operator',
    parent: 'operator-modules',
    extras: [projectPath('charts/backend-ai', 'charts/backend-ai'), compiledCode('operator', 'dist')],
    layer: { charts: 'charts', dist: 'app/dist' },
  },
  {
    name: 'suites-modules',
    parent: 'node-runtime',
    extras: [productionModules('suites', 'node_modules')],
  },
  {
    name: 'suites',
    parent: 'suites-modules',
    extras: [compiledCode('suites', 'dist')],
    layer: { dist: 'app/dist' },
  },
];
