import type { Versions } from './versions.ts';

/** The commands of Kubernetes that are built together from one module. */
export const KUBERNETES_COMMANDS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubeadm',
  'kubectl',
] as const;

export type KubernetesCommand = (typeof KUBERNETES_COMMANDS)[number];

/** Every program that the project builds from its sources. */
export type ToolName = KubernetesCommand | 'kind' | 'helm' | 'etcd' | 'coredns' | 'versitygw' | 'kube-router';

/** How one tool is built with Go. */
export interface Recipe {
  /** Folder in <cache>/tools: <name>-<version>. */
  folder: string;
  version: string;
  /** Import path of the command. */
  package: string;
  /** Module to require, where the command cannot be installed by `go install package@version`. */
  module?: string;
  /** Values written into the binary: variable → value. */
  stamps: Record<string, string>;
  /** Seconds that it took on 2 cores with cold caches, for a progress line. */
  seconds: number;
}

/** The recipe of a tool at the pinned versions. */
export function recipeOf(name: ToolName, versions: Versions): Recipe {
  const plain = (version: string, pkg: string, seconds: number): Recipe => ({
    folder: `${name}-${version}`,
    version,
    package: pkg,
    stamps: {},
    seconds,
  });
  switch (name) {
    case 'kind':
      return plain(versions.kind, 'sigs.k8s.io/kind', 10);
    case 'helm': {
      const recipe = plain(versions.helm, 'helm.sh/helm/v4/cmd/helm', 155);
      return { ...recipe, stamps: { 'helm.sh/helm/v4/internal/version.version': versions.helm } };
    }
    case 'coredns':
      return plain(versions.coredns, 'github.com/coredns/coredns', 160);
    case 'kube-router': {
      const module = 'github.com/cloudnativelabs/kube-router/v2';
      return plain(versions.kubeRouter, `${module}/cmd/kube-router`, 90);
    }
    case 'versitygw':
      return plain(versions.versitygw, 'github.com/versity/versitygw/cmd/versitygw', 60);
    case 'etcd':
      // Its go.mod holds replace lines, which `go install package@version` refuses.
      return {
        ...plain(versions.etcd, 'go.etcd.io/etcd/server/v3', 75),
        module: 'go.etcd.io/etcd/server/v3',
      };
    default:
      return {
        folder: `kubernetes-${versions.kubernetes}`,
        version: versions.kubernetes,
        package: `k8s.io/kubernetes/cmd/${name}`,
        module: 'k8s.io/kubernetes',
        stamps: kubernetesStamps(versions.kubernetes),
        seconds: 450,
      };
  }
}

/**
 * The variables that Kubernetes' own build sets. kubeadm compares versions of what it finds, and refuses a kubelet without one.
 * Date and commit are fixed, so that equal sources give equal binaries.
 */
function kubernetesStamps(version: string): Record<string, string> {
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.');
  const base = 'k8s.io/component-base/version';
  return {
    [`${base}.gitVersion`]: version,
    [`${base}.gitMajor`]: major,
    [`${base}.gitMinor`]: minor,
    [`${base}.gitTreeState`]: 'clean',
    [`${base}.gitCommit`]: '0000000000000000000000000000000000000000',
    [`${base}.buildDate`]: '2026-01-01T00:00:00Z',
    'k8s.io/client-go/pkg/version.gitVersion': version,
  };
}

/** The -ldflags of a recipe: version stamps, and no symbol tables, which halves the size. */
export function ldflags(recipe: Recipe): string {
  return ['-s', '-w', ...Object.entries(recipe.stamps).map(([name, value]) => `-X ${name}=${value}`)].join(
    ' ',
  );
}

/**
 * go.mod of a throw-away module that can build commands of `module`. Kubernetes keeps some modules in its own tree
 * (replace X => ./staging/…). They are published under v0 with the same minor and patch.
 * @param upstream text of the module's own go.mod
 */
export function throwAwayModule(module: string, version: string, upstream: string): string {
  const staged = [
    ...upstream.matchAll(/^\s*(?:replace\s+)?(\S+)(?: \S+)? => \.\/staging\/\S+\s*$/gm),
  ].flatMap((match) => match[1] ?? []);
  const go = /^go (\S+)$/m.exec(upstream)?.[1] ?? '1.24.0';
  const v0 = version.replace(/^v1\./, 'v0.');
  return [
    'module backendai-e2e.local/build',
    `go ${go}`,
    `require ${module} ${version}`,
    ...staged.map((name) => `replace ${name} => ${name} ${v0}`),
    '',
  ].join('\n');
}
