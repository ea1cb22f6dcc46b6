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
import type { Resource, Wire } from './object.ts';

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

export const PODS: Resource<Pod> = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
export const SECRETS: Resource<Secret> = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
export const CONFIG_MAPS: Resource<ConfigMap> = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const SERVICES: Resource<Service> = { apiVersion: 'v1', kind: 'Service', plural: 'services' };
export const SERVICE_ACCOUNTS: Resource<ServiceAccount> = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
};
export const NAMESPACES: Resource<Namespace> = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces' };
export const PERSISTENT_VOLUME_CLAIMS: Resource<PersistentVolumeClaim> = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
};
export const EVENTS: Resource<Event> = { apiVersion: 'v1', kind: 'Event', plural: 'events' };
export const JOBS: Resource<Job> = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs' };
export const DEPLOYMENTS: Resource<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
};
export const STATEFUL_SETS: Resource<StatefulSet> = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
};
export const ROLES: Resource<Role> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  plural: 'roles',
};
export const ROLE_BINDINGS: Resource<RoleBinding> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
};
export const LEASES: Resource<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
};
