import type { Deployment } from '@backendai-e2e/kube/builtin-resources';

type PodSpec = NonNullable<NonNullable<NonNullable<Deployment['spec']>['template']>['spec']>;

/** A file that the operator's pod has from a ConfigMap or a Secret. */
export interface MountedFile {
  from: 'ConfigMap' | 'Secret';
  name: string;
  key: string;
  /** Name of the local copy. */
  file: string;
}

/** What the operator needs on this machine to do what its Deployment does in the cluster. */
export interface LocalRun {
  /** Arguments of operator/main.ts, apart from the kubeconfig. */
  args: string[];
  /** Files to copy first. */
  files: MountedFile[];
  /** Service that has to be forwarded to a local port. */
  forward?: { namespace: string; service: string; port: number };
  serviceAccount: string;
}

/** Where things are on this machine. */
export interface LocalPlaces {
  chartsDir: string;
  helm: string;
  /** Folder for copies of mounted files. */
  folder: string;
  /** Local port to which the Service of artifacts is forwarded. */
  forwardedPort: number;
  logLevel: string;
}

/** The Deployment is not one that charts/e2e-operator makes. The message says what is missing. */
export class NotTheOperator extends Error {
  override readonly name = 'NotTheOperator';
  readonly remedy = 'Run make e2e-kind REUSE=1 once: it installs the operator of this checkout.';
}

/**
 * The arguments of the operator's Deployment for this machine. Paths in the pod become local paths, and a Service's address
 * becomes a forwarded port. Every other argument stays as it is. Throws NotTheOperator. Pure.
 */
export function localRun({ metadata, spec }: Deployment, places: LocalPlaces): LocalRun {
  const pod = spec?.template.spec;
  const container = pod?.containers.find(({ name }) => name === 'operator');
  if (!pod || !container?.args) {
    throw new NotTheOperator(`Deployment ${metadata.name} has no container "operator" with arguments`);
  }
  const files: MountedFile[] = [];
  let forward: LocalRun['forward'];
  const args = container.args.map((argument) => {
    const [flag = '', ...rest] = argument.split('=');
    const value = rest.join('=');
    switch (flag) {
      case '--charts-dir':
        return `${flag}=${places.chartsDir}`;
      case '--helm':
        return `${flag}=${places.helm}`;
      case '--metrics-port':
        // Any free port: 8080 is often taken on a developer's machine.
        return `${flag}=0`;
      case '--log-level':
        return `${flag}=${places.logLevel}`;
      case '--artifacts-url':
        forward = serviceOf(value);
        return `${flag}=http://127.0.0.1:${places.forwardedPort}`;
      case '--catalog':
      case '--artifacts-token-file': {
        const file = mountedFile(pod, container.volumeMounts ?? [], value);
        files.push(file);
        return `${flag}=${places.folder}/${file.file}`;
      }
      default:
        return argument;
    }
  });
  return {
    args,
    files,
    ...(forward ? { forward } : {}),
    serviceAccount: pod.serviceAccountName ?? 'default',
  };
}

/** "http://name.namespace.svc:8080" as a Service. */
function serviceOf(url: string): NonNullable<LocalRun['forward']> {
  const { hostname, port } = new URL(url);
  const [service = '', namespace = ''] = hostname.split('.');
  return { service, namespace, port: Number(port) };
}

function mountedFile(
  pod: PodSpec,
  mounts: readonly { name: string; mountPath: string }[],
  file: string,
): MountedFile {
  const mount = mounts.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
  const volume = pod.volumes?.find(({ name }) => name === mount?.name);
  const relative = file.slice((mount?.mountPath.length ?? 0) + 1);
  const name = relative.replaceAll('/', '-');
  const keyOf = (items: readonly { key: string; path: string }[] | undefined): string =>
    items?.find(({ path }) => path === relative)?.key ?? relative;
  if (volume?.configMap?.name) {
    return { from: 'ConfigMap', name: volume.configMap.name, key: keyOf(volume.configMap.items), file: name };
  }
  if (volume?.secret?.secretName) {
    return { from: 'Secret', name: volume.secret.secretName, key: keyOf(volume.secret.items), file: name };
  }
  throw new NotTheOperator(`no ConfigMap or Secret of the operator's pod holds ${file}`);
}
