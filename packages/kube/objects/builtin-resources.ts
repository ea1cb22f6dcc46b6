import type {
  CoreV1Event,
  V1ConfigMap,
  V1Deployment,
  V1Job,
  V1Lease,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { KubeObject, Resource, Wire } from './object.ts';

/** Objects of Kubernetes itself, as JSON. */
export type Pod = Wire<V1Pod>;
export type Secret = Wire<V1Secret>;
export type ConfigMap = Wire<V1ConfigMap>;
export type Service = Wire<V1Service>;
export type ServiceAccount = Wire<V1ServiceAccount>;
export type Namespace = Wire<V1Namespace>;
export type PersistentVolumeClaim = Wire<V1PersistentVolumeClaim>;
export type Event = Wire<CoreV1Event>;
export type Job = Wire<V1Job>;
export type Deployment = Wire<V1Deployment>;
export type StatefulSet = Wire<V1StatefulSet>;
export type Role = Wire<V1Role>;
export type RoleBinding = Wire<V1RoleBinding>;
export type Lease = Wire<V1Lease>;

function resource<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Resource<T> {
  return { apiVersion, kind, plural };
}

export const PODS = resource<Pod>('v1', 'Pod', 'pods');
export const SECRETS = resource<Secret>('v1', 'Secret', 'secrets');
export const CONFIG_MAPS = resource<ConfigMap>('v1', 'ConfigMap', 'configmaps');
export const SERVICES = resource<Service>('v1', 'Service', 'services');
export const SERVICE_ACCOUNTS = resource<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts');
export const NAMESPACES = resource<Namespace>('v1', 'Namespace', 'namespaces');
export const PERSISTENT_VOLUME_CLAIMS = resource<PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const EVENTS = resource<Event>('v1', 'Event', 'events');
export const JOBS = resource<Job>('batch/v1', 'Job', 'jobs');
export const DEPLOYMENTS = resource<Deployment>('apps/v1', 'Deployment', 'deployments');
export const STATEFUL_SETS = resource<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets');
export const ROLES = resource<Role>('rbac.authorization.k8s.io/v1', 'Role', 'roles');
export const ROLE_BINDINGS = resource<RoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
  'rolebindings',
);
export const LEASES = resource<Lease>('coordination.k8s.io/v1', 'Lease', 'leases');
