import { VERSIONS } from '../machine/versions.ts';
import { checkoutSources, checkoutStateFile, lockPart, wheels } from './backend-ai.ts';
import { type Extra, hostCertificates, kindFiles, projectPath, savedImage, tool } from './extras.ts';
import { compiledCode, nodeBinary, productionModules } from './javascript.ts';

/** One image of ours. Its Dockerfile and context are images/<name>/. */
export interface ImageRow {
  name: string;
  /**
   * The image it is built on, which the Dockerfile gets as build argument BASE. It is another row's name, or "debian" for the
   * Debian base image (a registry's or our own).
   */
  parent: string;
  /** Folder below images/ with its Dockerfile. Default: its name. */
  folder?: string;
  /** Whether its content follows from the Backend.AI that is asked for. */
  ofBackendAi?: true;
  /** Other images that stages of the Dockerfile start from: build argument → row. */
  stages?: Record<string, string>;
  /** What the build context holds beside the files of its folder. */
  extras?: Extra[];
  /**
   * Folder of the build context → the folder of the image that it replaces as a whole. Where it is given, an edit changes only
   * these folders. A kept cluster gets them as one layer, without a build. See cli/cluster/source-layer.ts.
   */
  layer?: Record<string, string>;
  /**
   * The image whose packages the content of this row is laid over, in a container of it. A kept cluster gets what that changes as
   * one layer on top of the parent, without a build. See cli/images/checkout/lay-over.ts.
   */
  laid?: string;
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
  'bootstrap',
  'fault-tools',
  'suites-backend-ai',
] as const;

/** Images with the project's own code: loaded into the running node, because they change with every edit. */
export const LOADED = ['operator', 'suites'] as const;

/** The kernel image of charts/backend-ai (_names.tpl) without its registry. */
export const KERNEL_PATH = 'stable/python:3.13-debian13';

/** Images that hold Backend.AI. With a checkout, its sources are a layer on top of each: row "<name>-checkout". */
export const OF_BACKEND_AI = ['backend-ai', 'agent', 'suites-backend-ai'] as const;

/** The row with the sources of a checkout over an image of Backend.AI. */
export function withCheckout(name: string): string {
  return `${name}-checkout`;
}

function checkoutRow(parent: (typeof OF_BACKEND_AI)[number], user: string): ImageRow {
  return {
    name: withCheckout(parent),
    parent,
    folder: 'checkout',
    ofBackendAi: true,
    laid: 'backend-ai',
    extras: [checkoutSources('sources'), checkoutStateFile('source.json')],
    args: { USER_ID: user },
  };
}

/** Every image of the job in kind: built here, or only loaded. */
export type ImageName = (typeof BAKED)[number] | (typeof LOADED)[number];

function chartFiles(...files: string[]): Extra[] {
  return files.map((file) => projectPath(`charts/backend-ai/files/config/${file}`, file));
}

/** Every image, in no particular order: parents and extras say what is built first. */
export const IMAGES: ImageRow[] = [
  { name: 'base', parent: 'debian', extras: [hostCertificates('certificates')] },
  { name: 'postgres', parent: 'base' },
  { name: 'valkey', parent: 'base' },
  { name: 'etcd', parent: 'base' },
  { name: 'registry', parent: 'base' },
  { name: 's3', parent: 'base', extras: [tool('versitygw', 'versitygw')] },
  { name: 'uv', parent: 'base' },
  {
    name: 'backend-ai-dependencies',
    parent: 'base',
    ofBackendAi: true,
    stages: { UV: 'uv' },
    extras: [lockPart('dependencies', 'requirements.txt')],
  },
  {
    name: 'backend-ai',
    parent: 'backend-ai-dependencies',
    ofBackendAi: true,
    stages: { UV: 'uv' },
    extras: [lockPart('packages', 'requirements.txt'), wheels('wheels')],
  },
  { name: 'agent', parent: 'backend-ai', ofBackendAi: true },
  {
    name: 'bootstrap',
    parent: 'backend-ai',
    ofBackendAi: true,
    stages: { KERNEL_PUSH: 'kernel-push', REGISTRY: 'registry' },
    extras: [
      projectPath('charts/backend-ai/files/bootstrap', 'bootstrap'),
      ...chartFiles('alembic.ini', 'alembic-appproxy.ini', 'manager.toml'),
    ],
    args: { KERNEL_PATH },
  },
  { name: 'fault-tools', parent: 'base' },
  {
    // Made with the pinned release, whichever is asked for: the suites know what is in it.
    name: 'previous-release',
    parent: 'backend-ai',
    stages: { UV: 'uv' },
    extras: chartFiles('alembic.ini', 'manager.toml'),
  },
  {
    name: 'suites-backend-ai',
    parent: 'backend-ai',
    ofBackendAi: true,
    stages: { PREVIOUS: 'previous-release' },
    extras: chartFiles('alembic.ini', 'alembic-appproxy.ini'),
  },
  checkoutRow('backend-ai', '1000:1000'),
  checkoutRow('agent', '0:0'),
  checkoutRow('suites-backend-ai', '65532:65532'),
  { name: 'kernel', parent: 'base' },
  { name: 'kernel-push', parent: 'base', extras: [savedImage('kernel', 'kernel.tar')] },
  { name: 'node-base', parent: 'base', extras: [kindFiles('files')], args: { PAUSE: VERSIONS.pause } },
  {
    name: 'node',
    parent: 'node-base',
    extras: [tool('kubeadm', 'bin/kubeadm'), tool('kubelet', 'bin/kubelet'), tool('kubectl', 'bin/kubectl')],
    args: { KUBERNETES: VERSIONS.kubernetes },
  },
  { name: 'kube-router', parent: 'base', extras: [tool('kube-router', 'kube-router')] },
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
