import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { helmPath } from '../../envtest/processes/pinned-tools.ts';

const run = promisify(execFile);

/** Folder of the chart of Backend.AI. */
export const CHART = path.join(import.meta.dirname, '../../../charts/backend-ai');
/** The values of the end-to-end tests. */
export const E2E_VALUES = path.join(CHART, 'ci/e2e-values.yaml');
/** Options that give each image some reference: the chart has no defaults for them. */
export const IMAGES = [
  'postgres',
  'valkey',
  'etcd',
  'registry',
  's3',
  'backendAi',
  'agent',
  'kernelPush',
].flatMap((image) => ['--set', `images.${image}=test/${image}:1`]);

/** What the tests read of a probe. */
export interface Probe {
  periodSeconds: number;
  failureThreshold: number;
}

/** What the tests read of a container, of which some run before the others. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  restartPolicy?: string;
  env?: { name: string; value?: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  volumeMounts?: { name: string; mountPath: string }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  securityContext?: Record<string, unknown>;
}

/** What the tests read of the pod of a workload. */
export interface Pod {
  containers: Container[];
  initContainers?: Container[];
  volumes?: { name: string; configMap?: { name: string } }[];
  securityContext?: Record<string, unknown>;
  enableServiceLinks?: boolean;
  automountServiceAccountToken?: boolean;
}

/** What the tests read of a rendered object. */
export interface Rendered {
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  data?: Record<string, string>;
  spec?: { replicas?: number; template?: { metadata: { labels: Record<string, string> }; spec: Pod } };
}

/** Runs helm; rejects with its error output. */
export async function helm(...args: string[]): Promise<string> {
  const file = helmPath();
  if (!existsSync(file))
    throw new Error(`no helm at ${file}: "make test" provides it, or name one in E2E_HELM`);
  const { stdout } = await run(file, args, { maxBuffer: 32 << 20 });
  return stdout;
}

/** What the chart makes in namespace "ns" with these further options. */
export async function render(...options: string[]): Promise<Rendered[]> {
  const text = await helm('template', 'release', CHART, '--namespace', 'ns', ...IMAGES, ...options);
  return parseAllDocuments(text)
    .map((document): Rendered | null => document.toJS())
    .filter((object) => object !== null);
}

/** A workload and its pod. */
export interface Workload {
  name: string;
  kind: string;
  object: Rendered;
  pod: Pod;
}

/** Deployments, StatefulSets and Jobs. */
export function workloads(objects: Rendered[]): Workload[] {
  return objects.flatMap((object) => {
    const pod = object.spec?.template?.spec;
    return pod ? [{ name: object.metadata.name, kind: object.kind, object, pod }] : [];
  });
}

/** All containers of a pod. */
export function containers(pod: Pod): Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

/** The one object of that kind and name. @throws Error where there is none */
export function find(objects: Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`the chart makes no ${kind} "${name}"`);
  return found;
}

/** Content of a Secret, decoded. */
export function secretData(objects: Rendered[], name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(find(objects, 'Secret', name).data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );
}
