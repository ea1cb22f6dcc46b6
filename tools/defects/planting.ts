import { createHash } from 'node:crypto';
import type { Component } from '@backendai-e2e/api/components';
import type { Change, Defect } from './defect-list.ts';

/** Folder of the container that holds sitecustomize.py. */
const FOLDER = '/e2e-defects';
const VOLUME = 'e2e-defects';
/** Answers no connection to a Service's port: none of the components listens there. */
const NOBODY = '127.0.0.1';

/** The label of every ConfigMap with planted defects; its value is the component. */
export const PLANTED_LABEL = 'e2e.backend.ai/defects';

/** The part of a pod template that planting changes. */
export interface PodTemplate {
  metadata?: { annotations?: Record<string, string>; [other: string]: unknown };
  spec: {
    containers: Container[];
    volumes?: { name: string; [other: string]: unknown }[];
    hostAliases?: { ip: string; hostnames: string[] }[];
    [other: string]: unknown;
  };
  [other: string]: unknown;
}

interface Container {
  name: string;
  env?: { name: string; [other: string]: unknown }[];
  volumeMounts?: { name: string; [other: string]: unknown }[];
  [other: string]: unknown;
}

/** Type and name of the component's workload, as kubectl takes them. */
export function workloadOf(component: Component): string {
  return `${component === 'agent' ? 'statefulset' : 'deployment'}/${component}`;
}

/** The changes of modules among the defects. */
export function changesOf(defects: readonly Defect[]): Change[] {
  return defects.flatMap(({ way }) => (way.by === 'change' ? [way.change] : []));
}

/**
 * The ConfigMap of a component with planted defects. It holds the program that changes modules, its changes, and the pod template
 * to restore.
 * @param program text of sitecustomize.py
 */
export function configMapOf(
  component: Component,
  defects: readonly Defect[],
  original: PodTemplate,
  program: string,
): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: configMapName(component), labels: { [PLANTED_LABEL]: component } },
    data: {
      'sitecustomize.py': program,
      'defects.json': JSON.stringify(changesOf(defects)),
      'original.json': JSON.stringify(original),
    },
  };
}

/** The ConfigMap with the changed modules of a component. */
export function configMapName(component: Component): string {
  return `e2e-defects-${component}`;
}

/**
 * The component's pod template with the defects. PYTHONPATH leads to sitecustomize.py, and settings have their other values.
 * Withheld hosts have an address that does not answer. Throws an Error if the template has no container of the component's name.
 */
export function plantedTemplate(
  original: PodTemplate,
  component: Component,
  defects: readonly Defect[],
  namespace: string,
): PodTemplate {
  const { metadata, spec } = original;
  if (!spec.containers.some(({ name }) => name === component)) {
    throw new Error(`the pods of ${component} have no container ${component}`);
  }
  const digest = createHash('sha256').update(JSON.stringify(defects.map(({ way }) => way)));
  const annotations = { ...metadata?.annotations, [PLANTED_LABEL]: digest.digest('hex').slice(0, 16) };
  const hosts = defects.flatMap(({ way }) => (way.by === 'withheld' ? namesOfHost(way.host, namespace) : []));
  const aliases = hosts.length > 0 ? [{ ip: NOBODY, hostnames: hosts }] : [];
  const changes = changesOf(defects).length > 0;
  const volume = { name: VOLUME, configMap: { name: configMapName(component) } };
  return {
    ...original,
    metadata: { ...metadata, annotations },
    spec: {
      ...spec,
      containers: spec.containers.map((container) =>
        container.name === component ? plantedContainer(container, defects, changes) : container,
      ),
      volumes: [...(spec.volumes ?? []), ...(changes ? [volume] : [])],
      hostAliases: [...(spec.hostAliases ?? []), ...aliases],
    },
  };
}

function plantedContainer(container: Container, defects: readonly Defect[], changes: boolean): Container {
  const settings = defects.flatMap(({ way }) =>
    way.by === 'setting' ? [{ name: way.name, value: way.value }] : [],
  );
  const env = [...settings, ...(changes ? [{ name: 'PYTHONPATH', value: FOLDER }] : [])];
  const others = (container.env ?? []).filter(({ name }) => !env.some((given) => given.name === name));
  const mount = { name: VOLUME, mountPath: FOLDER, readOnly: true };
  return {
    ...container,
    env: [...others, ...env],
    volumeMounts: [...(container.volumeMounts ?? []), ...(changes ? [mount] : [])],
  };
}

/** Every name under which pods of the namespace reach a Service. */
function namesOfHost(host: string, namespace: string): string[] {
  return [host, `${host}.${namespace}`, `${host}.${namespace}.svc`, `${host}.${namespace}.svc.cluster.local`];
}

/**
 * The defects that no pod of the component reported as planted, by what sitecustomize.py writes to the log. A module that was
 * never imported is not planted.
 */
export function neverPlanted(defects: readonly Defect[], logs: string): Defect[] {
  return defects.filter(
    ({ name, way }) => way.by === 'change' && !logs.includes(`e2e-defect: ${name}: planted`),
  );
}

/** What sitecustomize.py said when it ended a process, if it did. */
export function planterError(logs: string): string | undefined {
  const lines = logs.split('\n').filter((line) => line.includes('e2e-defect: '));
  const said = lines.find((line) => !line.includes(': planted in '));
  return said?.slice(said.indexOf('e2e-defect: ') + 'e2e-defect: '.length);
}
