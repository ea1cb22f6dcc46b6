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

/** Any object as it stands in JSON: times are strings. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ServerMeta;
}

/** An object that has a status. */
export interface ObjectWithStatus extends KubeObject {
  status?: object;
}

/** Replaces Date by string, at every depth. */
type JsonOf<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? JsonOf<Item>[]
    : T extends object
      ? { [Key in keyof T]: JsonOf<T[Key]> }
      : T;

/**
 * A model of @kubernetes/client-node as the API server sends it: dates are RFC 3339 strings, and metadata is there.
 * (Its models that rename a field, such as `_from` of a NetworkPolicy, do not fit.)
 */
export type Wire<Model> = Omit<JsonOf<Model>, 'metadata'> & KubeObject;

/**
 * Which kind of object a request is about. `T` is the type of its objects, carried by a field that is never set, so that
 * `client.get(PODS, …)` knows that it returns a pod.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  /** "v1", "batch/v1", "e2e.backend.ai/v1alpha1". */
  readonly apiVersion: string;
  /** "Pod". */
  readonly kind: string;
  /** As in the URL: "pods". */
  readonly plural: string;
  /** Never set: it only carries the type. */
  readonly objects?: T;
}

/** Name of an object; namespace is left out for what has none (Namespace, Node). */
export interface ObjectName {
  namespace?: string;
  name: string;
}

/** What a caller gives to create or apply: any part of the object, with its name; apiVersion and kind are added. */
export type Intent<T extends KubeObject> = PartOf<Omit<T, 'metadata' | 'apiVersion' | 'kind'>> & {
  apiVersion?: string;
  kind?: string;
  metadata: PartOf<ServerMeta> & { name: string };
};

/** What a caller gives to create: the server may choose the name (metadata.generateName). */
export type NewObject<T extends KubeObject> = Omit<Intent<T>, 'metadata'> & { metadata: PartOf<ServerMeta> };

/** Any part of T, at every depth; lists are whole, their items partial. */
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
 * The name of the object's controlling owner when that is of the given kind, in the object's own namespace;
 * else undefined. For mapping a child (Job, TestReport) to the key of its owner.
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

/** The object without the record of who owns which field, which may be half of it. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}
