/** What the operator's own settings allow deployments to use of the nodes. */
export interface EnvironmentLimits {
  /** Where images may come from: an image without its tag, or a path above it. Empty: anywhere. */
  images: readonly string[];
  /** Those of them that may run privileged, as agents do. Empty: all of them. */
  privilegedImages: readonly string[];
  /** Folders of nodes that pods may mount, with everything below. */
  hostPaths: readonly string[];
}

/** Entry for images without a path, such as "agent:1". */
const WITHOUT_PATH = '.';

/** A part of a rendered object that may start a container. */
interface PodSpec {
  containers?: unknown;
  initContainers?: unknown;
  volumes?: unknown;
  [field: string]: unknown;
}

/** Fields of a pod that give it a namespace of its node. No chart needs one. */
const HOST_FIELDS = ['hostNetwork', 'hostPID', 'hostIPC'];

/**
 * What the rendered objects of a chart ask for beyond the limits, one phrase each. A user who may create a TestEnvironment chooses
 * its values: without limits, that is root on a node.
 * @param objects of the chart, in any shape: values may have been put into them as YAML
 * @param namespace of the deployment
 */
export function beyondLimits(
  objects: readonly unknown[],
  namespace: string,
  limits: EnvironmentLimits,
): string[] {
  const found = new Set<string>();
  for (const object of objects) {
    const where = field(field(object, 'metadata'), 'namespace');
    if (where !== undefined && where !== namespace) found.add(`an object in namespace ${String(where)}`);
    walk(object, (part) => {
      for (const phrase of inPod(part, limits)) found.add(phrase);
    });
  }
  return [...found];
}

/** What a pod asks for. A part counts as a pod if it has a field of one: kinds and depths differ. */
function inPod(pod: PodSpec, limits: EnvironmentLimits): string[] {
  const host = HOST_FIELDS.filter((name) => pod[name] === true).map((name) => `${name} of a node`);
  const paths = listOf(pod.volumes).flatMap((volume) => {
    const hostPath = field(volume, 'hostPath');
    if (hostPath === undefined) return [];
    const path = field(hostPath, 'path');
    return isBelow(path, limits.hostPaths) ? [] : [`folder ${String(path)} of a node`];
  });
  const containers = [...listOf(pod.containers), ...listOf(pod.initContainers)];
  return [...host, ...paths, ...containers.flatMap((container) => inContainer(container, limits))];
}

function inContainer(container: unknown, { images, privilegedImages }: EnvironmentLimits): string[] {
  const image = String(field(container, 'image'));
  if (!comesFrom(image, images)) return [`image ${image}`];
  const security = field(container, 'securityContext');
  const added = listOf(field(field(security, 'capabilities'), 'add'));
  const privileged = field(security, 'privileged') === true || added.length > 0;
  if (!privileged || comesFrom(image, privilegedImages)) return [];
  return [`image ${image} with privileges`];
}

/** Whether an image is one of the list, or lies below a path of it. An empty list has them all. */
export function comesFrom(image: string, list: readonly string[]): boolean {
  const name = nameOf(image);
  return list.length === 0 || list.some((entry) => isEntry(name, entry));
}

function isEntry(name: string, entry: string): boolean {
  if (entry === WITHOUT_PATH) return !name.includes('/');
  return name === entry || name.startsWith(`${entry.replace(/\/+$/, '')}/`);
}

/** The image without its digest and its tag. A colon before the last slash belongs to the port of a registry. */
function nameOf(image: string): string {
  const [name = ''] = image.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

function isBelow(path: unknown, roots: readonly string[]): boolean {
  if (typeof path !== 'string' || path.split('/').includes('..')) return false;
  return roots.some((root) => path === root || path.startsWith(`${root.replace(/\/+$/, '')}/`));
}

/** Calls back with every object in a value. */
function walk(value: unknown, visit: (part: PodSpec) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value as PodSpec);
  for (const part of Object.values(value)) walk(part, visit);
}

function field(value: unknown, name: string): unknown {
  // The cast: any object may be read by name.
  return typeof value === 'object' && value !== null
    ? ((value as Record<string, unknown>)[name] ?? undefined)
    : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
