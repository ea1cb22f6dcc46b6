import type { KubeObject, ObjectName, Resource } from '../objects/object.ts';

/** Parameters of a URL. Undefined ones are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** A request as data: what to send, and how errors name it. */
export interface ApiRequest {
  /** Headers besides those of every request; names in lower case. */
  headers?: Record<string, string>;
  /** For metrics: get, list, create, apply, patch, update, delete, watch, log. */
  verb: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Query;
  contentType?: string;
  body?: string | Buffer;
  /** The request in words, for errors. */
  what: string;
}

/**
 * Path of a kind's objects or of one of them. It is /api/v1/… for the core group and /apis/<group>/<version>/… for the others
 * (Kubernetes API concepts, "Resource URIs").
 */
export function pathOf(resource: Resource, at: Partial<ObjectName>, subresource?: string): string {
  const root = resource.apiVersion.includes('/') ? '/apis' : '/api';
  const parts = [root, resource.apiVersion];
  if (at.namespace !== undefined && at.namespace !== '') {
    parts.push('namespaces', segment(at.namespace));
  }
  parts.push(resource.plural);
  if (at.name !== undefined) parts.push(segment(at.name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join('/');
}

/**
 * Path of the core API's objects of a namespace, or of something below them: `corePath('default', 'pods', 'a', 'log')`.
 * Each part stays one segment of the path, whatever it contains. Throws RangeError for what is no name.
 */
export function corePath(namespace: string, ...parts: string[]): string {
  return ['/api/v1/namespaces', ...[namespace, ...parts].map(segment)].join('/');
}

/**
 * Whether an object can have the name: the rule of the API server for a segment of a path (IsValidPathSegmentName). It decodes a
 * path before it splits it, so an escaped slash would lead to a subresource.
 */
export function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name);
}

/** A name as one segment of a path. Clients and proxies resolve "." and ".." even when a program escapes everything else. */
function segment(name: string): string {
  if (!isName(name)) throw new RangeError(`${JSON.stringify(name)} is no name of an object`);
  // A Service's name carries its port after a colon.
  return encodeURIComponent(name).replaceAll('%3A', ':');
}

/** "patch testruns/status default/nightly". */
export function inWords(
  verb: string,
  resource: Resource,
  at: Partial<ObjectName>,
  subresource?: string,
): string {
  const kind = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const where = [at.namespace, at.name].filter((part) => part !== undefined && part !== '').join('/');
  return where === '' ? `${verb} ${kind}` : `${verb} ${kind} ${where}`;
}

/** Path and query, encoded for the request line. */
export function urlPath(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** The object with the apiVersion and kind of its resource. */
export function typed<T extends object>(resource: Resource, object: T): T & KubeObject {
  return { ...object, apiVersion: resource.apiVersion, kind: resource.kind } as T & KubeObject;
}
