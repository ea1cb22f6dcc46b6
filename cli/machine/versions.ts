import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from './provision.ts';

/** The pinned versions of versions.json: tags with a leading v where upstream writes one. */
export interface Versions {
  kubernetes: string;
  /** etcd of the control plane: the version that kubeadm of this Kubernetes release asks for. */
  etcd: string;
  /** Tag of the etcd image that kubeadm names. */
  etcdImage: string;
  coredns: string;
  /** Tag of the CoreDNS image that kubeadm names; the binary inside is `coredns`. */
  corednsImage: string;
  pause: string;
  kind: string;
  kindNodeImage: string;
  helm: string;
  versitygw: string;
  /** Enforces NetworkPolicies in a selftest; the newest that the Go proxies hold. */
  kubeRouter: string;
  /** Debian release of the base image. */
  debian: string;
  debianImage: string;
  /** Lowest Go release that can build the tools. */
  goMinimum: string;
  backendAi: string;
}

const KEYS: ReadonlyArray<keyof Versions> = [
  'kubernetes',
  'etcd',
  'etcdImage',
  'coredns',
  'corednsImage',
  'pause',
  'kind',
  'kindNodeImage',
  'helm',
  'versitygw',
  'kubeRouter',
  'debian',
  'debianImage',
  'goMinimum',
  'backendAi',
];

/** Checks that text is a versions.json with every pin. @throws Error naming the missing pin. */
export function parseVersions(text: string): Versions {
  const raw: unknown = JSON.parse(text);
  if (typeof raw !== 'object' || raw === null) throw new Error('versions.json: expected an object');
  const found = new Map(Object.entries(raw));
  const pin = (key: keyof Versions): string => {
    const value: unknown = found.get(key);
    if (typeof value !== 'string' || value === '') throw new Error(`versions.json: "${key}" is missing`);
    return value;
  };
  return Object.fromEntries(KEYS.map((key) => [key, pin(key)])) as Record<keyof Versions, string>;
}

export const VERSIONS: Versions = parseVersions(
  readFileSync(path.join(PROJECT_ROOT, 'versions.json'), 'utf8'),
);
