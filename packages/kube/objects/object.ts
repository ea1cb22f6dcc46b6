/** metadata of any object (metav1.ObjectMeta). */
export interface ServerMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  generateName?: string;
  managedFields?: ManagedFields[];
}

/** One entry of metadata.ownerReferences (metav1.OwnerReference). */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One entry of metadata.managedFields: who owns which fields. */
export interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  apiVersion?: string;
  time?: string;
  fieldsV1?: FieldSet;
}

/** metadata.managedFields[].fieldsV1: a tree whose keys are "f:<field>", "k:<json of list keys>", "v:<json>" or ".". */
export interface FieldSet {
  [key: string]: FieldSet;
}

/** Any object as JSON: times are strings. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ServerMeta;
}

/** An object that has a status. */
export interface ObjectWithStatus extends KubeObject {
  status?: object;
}

/** Replaces Date with string, at every depth. */
type JsonOf<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? JsonOf<Item>[]
    : T extends object
      ? { [Key in keyof T]: JsonOf<T[Key]> }
      : T;

/**
 * A model of @kubernetes/client-node as the API server sends it: dates are RFC 3339 strings, and metadata is set.
 * Models that rename a field, such as `_from` of a NetworkPolicy, do not fit.
 */
export type Wire<Model> = Omit<JsonOf<Model>, 'metadata'> & KubeObject;

/**
 * The kind of object that a request is about. `T` is the type of its objects: `client.get(PODS, …)` returns a pod. The
 * type needs a field, which is never set.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** "v1", "batch/v1", "e2e.backend.ai/v1alpha1". */
  readonly apiVersion: string;
  /** "Pod". */
  readonly kind: string;
  /** As in the URL: "pods". */
  readonly plural: string;
  /** Never set: holds the type. */
  readonly objects?: T;
}

/** Name of an object. Cluster-scoped objects (Namespace, Node) have no namespace. */
export interface ObjectName {
  namespace?: string;
  name: string;
}

/** The object to create or apply: any of its fields, and its name. The client adds apiVersion and kind. */
export type Intent<T extends KubeObject> = PartOf<Omit<T, 'metadata' | 'apiVersion' | 'kind'>> & {
  apiVersion?: string;
  kind?: string;
  metadata: PartOf<ServerMeta> & { name: string };
};

/** The object to create. With metadata.generateName, the server chooses the name. */
export type NewObject<T extends KubeObject> = Omit<Intent<T>, 'metadata'> & { metadata: PartOf<ServerMeta> };

/** T with every field optional, at every depth. Lists are complete, their items partial. */
type PartOf<T> = T extends readonly (infer Item)[]
  ? PartOf<Item>[]
  : T extends object
    ? { [Key in keyof T]?: PartOf<T[Key]> | undefined }
    : T;

/** "namespace/name", or "name" without a namespace: how queues and caches name an object. */
export function keyOf(at: ObjectName): string {
  return at.namespace === undefined || at.namespace === '' ? at.name : `${at.namespace}/${at.name}`;
}

/** The inverse of keyOf. */
export function nameOf(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Namespace and name of an object. */
export function objectName(object: KubeObject): ObjectName {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

/**
 * The name of the object's controlling owner, in the object's namespace. Undefined when the owner is of another kind.
 * Maps a child (Job, TestReport) to the key of its owner.
 */
export function controllerOf(object: KubeObject, owner: Resource): ObjectName | undefined {
  const group = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '');
  const reference = object.metadata.ownerReferences?.find(
    (candidate) =>
      candidate.controller === true &&
      candidate.kind === owner.kind &&
      group(candidate.apiVersion) === group(owner.apiVersion),
  );
  if (!reference) return undefined;
  return objectName({ metadata: { ...object.metadata, name: reference.name } });
}

/** The object without metadata.managedFields, which can be half of it. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}
