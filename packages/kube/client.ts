import type { ClusterAccess } from './access/cluster-access.ts';
import { listPages } from './list-pages.ts';
import { applyBody } from './objects/apply-body.ts';
import {
  type Intent,
  type KubeObject,
  type NewObject,
  type ObjectName,
  objectName,
  type Resource,
} from './objects/object.ts';
import { watchError } from './requests/answer.ts';
import { isNotFound } from './requests/api-error.ts';
import { Caller } from './requests/caller.ts';
import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  KubeClientOptions,
  ListOptions,
  ListQuery,
  LogQuery,
  ObjectList,
  PatchOptions,
  ServedKind,
  WatchEvent,
  WatchQuery,
} from './requests/calls.ts';
import { type ApiRequest, inWords, isName, pathOf, typed } from './requests/request.ts';

export * from './requests/calls.ts';

/**
 * A typed client for any kind. Credentials and TLS come from a ClusterAccess. Requests share keep-alive connections.
 * Calls reject with ApiError, or with the signal's reason. Safe requests are repeated until the call's deadline
 * (retry.ts).
 */
export class KubeClient {
  readonly #calls: Caller;

  constructor(access: ClusterAccess, options: KubeClientOptions = {}) {
    this.#calls = new Caller(access, options);
  }

  /** The object, or undefined when there is none. */
  async get<T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    // A reference in an object of a user: no object has that name.
    if (!isName(at.name)) return undefined;
    try {
      return await this.#calls.json<T>(
        { verb: 'get', method: 'GET', path: pathOf(resource, at), what: inWords('get', resource, at) },
        options,
      );
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** All objects that match, page by page. Each carries apiVersion and kind. */
  list<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery = {},
    options: ListOptions<T> = {},
  ): Promise<ObjectList<T>> {
    return listPages(this.#calls, resource, query, options);
  }

  /**
   * Creates the object. Rejects with an error that isAlreadyExists accepts when the name is taken. With deterministic names,
   * the caller then reads and adopts the object.
   */
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options: CallOptions = {},
  ): Promise<T> {
    const at = placeOf({
      ...object.metadata,
      name: object.metadata.name ?? object.metadata.generateName ?? '',
    });
    return this.#calls.json<T>(
      {
        verb: 'create',
        method: 'POST',
        path: pathOf(resource, at.namespace === undefined ? {} : { namespace: at.namespace }),
        contentType: 'application/json',
        body: JSON.stringify(typed(resource, object)),
        what: inWords('create', resource, at),
      },
      options,
    );
  }

  /**
   * Creates a subresource of an object: the token of a service account, the binding of a pod. Returns what the server
   * made of it. The body carries its own apiVersion and kind, which are not those of the object.
   */
  createSubresource<T extends KubeObject>(
    resource: Resource,
    at: ObjectName,
    subresource: string,
    body: object,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#calls.json<T>(
      {
        verb: 'create',
        method: 'POST',
        path: pathOf(resource, at, subresource),
        contentType: 'application/json',
        body: JSON.stringify(body),
        what: inWords('create', resource, at, subresource),
      },
      options,
    );
  }

  /** Server-side apply: creates the object or sets the given fields. Returns the object. */
  apply<T extends KubeObject>(resource: Resource<T>, object: Intent<T>, options: ApplyOptions): Promise<T> {
    return this.#apply(resource, object, undefined, options);
  }

  /** Server-side apply to the status subresource. Rejects with 404 when the object does not exist. */
  applyStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: Intent<T>,
    options: ApplyOptions,
  ): Promise<T> {
    return this.#apply(resource, object, 'status', options);
  }

  #apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Intent<T>,
    subresource: 'status' | undefined,
    options: ApplyOptions,
  ): Promise<T> {
    const at = placeOf(object.metadata);
    return this.#calls.json<T>(
      {
        verb: 'apply',
        method: 'PATCH',
        path: pathOf(resource, at, subresource),
        query: { fieldManager: options.fieldManager, force: options.force ? true : undefined },
        // JSON is YAML: this content type is the one that every server with server-side apply takes.
        contentType: 'application/apply-patch+yaml',
        body: applyBody(typed(resource, object)),
        what: inWords('apply', resource, at, subresource),
      },
      options,
    );
  }

  /** JSON merge patch; null removes a field. With metadata.resourceVersion, it is refused after another write. */
  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    patch: object,
    options: PatchOptions = {},
  ): Promise<T> {
    return this.#calls.json<T>(
      {
        verb: 'patch',
        method: 'PATCH',
        path: pathOf(resource, at, options.subresource),
        query: { fieldManager: options.fieldManager },
        contentType: 'application/merge-patch+json',
        body: JSON.stringify(patch),
        what: inWords('patch', resource, at, options.subresource),
      },
      options,
    );
  }

  /** Replaces the object. metadata.resourceVersion, if set, must be the current one (isConflict otherwise). */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options: PatchOptions = {}): Promise<T> {
    const at = objectName(object);
    return this.#calls.json<T>(
      {
        verb: 'update',
        method: 'PUT',
        path: pathOf(resource, at, options.subresource),
        query: { fieldManager: options.fieldManager },
        contentType: 'application/json',
        body: JSON.stringify(typed(resource, object)),
        what: inWords('replace', resource, at, options.subresource),
      },
      options,
    );
  }

  /** Deletes the object. Resolves to false when it did not exist: 404 is not an error. */
  async delete(resource: Resource, at: ObjectName, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, gracePeriodSeconds } = options;
    try {
      await this.#calls.json<unknown>(
        {
          verb: 'delete',
          method: 'DELETE',
          path: pathOf(resource, at),
          contentType: 'application/json',
          body: JSON.stringify({
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            propagationPolicy: options.propagation ?? 'Background',
            gracePeriodSeconds,
            preconditions:
              uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion },
          }),
          what: inWords('delete', resource, at),
        },
        options,
      );
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /**
   * A watch with bookmarks. The generator returns when the server ends the watch or the signal aborts. It throws when the
   * watch breaks (isGone: the resourceVersion is too old). It does not retry: the informer does.
   */
  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: WatchQuery,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const at = query.namespace === undefined ? {} : { namespace: query.namespace };
    const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = query;
    const request: ApiRequest = {
      verb: 'watch',
      method: 'GET',
      path: pathOf(resource, at),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        labelSelector,
        fieldSelector,
        resourceVersion,
        timeoutSeconds,
      },
      what: inWords('watch', resource, at),
    };
    for await (const line of this.#calls.lines(request, signal)) {
      const event = line as WatchEvent<T> | { type: 'ERROR'; object: unknown };
      if (event.type === 'ERROR') throw watchError(request.what, event.object);
      yield event;
    }
  }

  /** The kinds of a group and version, without subresources. Rejects with 404 when the API server serves none. */
  async kinds(apiVersion: string, options: CallOptions = {}): Promise<ServedKind[]> {
    const path = `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`;
    const list = await this.#calls.json<{ resources: { kind: string; name: string; namespaced: boolean }[] }>(
      { verb: 'get', method: 'GET', path, what: `get the kinds of ${apiVersion}` },
      options,
    );
    return list.resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ kind, name, namespaced }) => ({ apiVersion, kind, plural: name, namespaced }));
  }

  /** Log of a pod's container as text, without following. */
  podLogs(pod: ObjectName, query: LogQuery = {}, options: CallOptions = {}): Promise<string> {
    const pods: Resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
    return this.#calls.text(
      {
        verb: 'log',
        method: 'GET',
        path: pathOf(pods, pod, 'log'),
        query: { ...query },
        what: inWords('read', pods, pod, 'log'),
      },
      options,
    );
  }

  /** Closes all connections. Requests in progress fail. */
  close(): Promise<void> {
    return this.#calls.close();
  }
}

function placeOf(metadata: { name: string; namespace?: string | undefined }): ObjectName {
  return metadata.namespace === undefined
    ? { name: metadata.name }
    : { name: metadata.name, namespace: metadata.namespace };
}
