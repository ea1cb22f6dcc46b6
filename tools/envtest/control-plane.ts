import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlreadyExists } from '@backendai-e2e/kube/api-error';
import { NAMESPACES, SERVICE_ACCOUNTS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient, type KubeClientOptions } from '@backendai-e2e/kube/client';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { parseAllDocuments } from 'yaml';
import { type Access, writeAccess, writeIdentities } from './access.ts';
import { pinnedProgram } from './binaries.ts';
import { startControllerManager } from './controller-manager.ts';
import { freePorts } from './free-ports.ts';
import { NotReadyError } from './not-ready.ts';
import { ProcessGroup, type Running } from './process-group.ts';
import { apiServerArguments, etcdArguments } from './program-arguments.ts';
import { until } from './until.ts';

/** authentication.k8s.io/v1 TokenRequest, the subresource `token` of a service account. */
interface TokenRequest extends KubeObject {
  status?: { token: string };
}

export interface ControlPlaneOptions {
  /** Also start kube-controller-manager: Jobs make pods, owned objects are collected, namespaces get deleted. Default false. */
  controllerManager?: boolean;
  /** Further users with a token each, besides the administrator. They have no rights but those of their groups. */
  users?: readonly { name: string; groups?: readonly string[] }[];
  /**
   * YAML texts (CRDs above all) that are applied before the controller manager starts: its garbage collector looks for
   * new kinds only every 30 s.
   */
  manifests?: readonly string[];
  /** Several test files use it one after another: stop() leaves it running, and it ends with this process. Default false. */
  shared?: boolean;
  /** Ports for etcd's clients, its peers and the API server, asked for anew at every try. Default: free ones. */
  ports?: () => Promise<readonly [number, number, number]>;
}

/** Control planes begun before it is given up: each with ports of its own, as somebody took a port of the one before. */
const STARTS = 3;

interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string; served: boolean }[];
  };
}

/** Starts a control plane. Rejects with what was missing, or with the last lines of the log of what did not come up. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { ports = freePorts } = options;
  for (let starts = 1; ; starts += 1) {
    const plane = new ControlPlane(options, await ports());
    try {
      await plane.start();
      return plane;
    } catch (error) {
      await plane.end();
      if (starts >= STARTS || !(error instanceof NotReadyError && error.portTaken)) throw error;
    }
  }
}

/**
 * A real API server with its own etcd on loopback ports. RBAC is on, anonymous requests are refused. There is no kubelet:
 * pods stay Pending, and a test sets their status itself.
 */
export class ControlPlane {
  /** https://127.0.0.1:<port> */
  readonly url: string;
  readonly #options: ControlPlaneOptions;
  readonly #ports: readonly [number, number, number];
  readonly #group = new ProcessGroup('e2e-control-plane');
  readonly #tokens = new Map<string, { token: string; groups: readonly string[] }>();
  readonly #clients: KubeClient[] = [];
  /** How often a name has been asked for. */
  readonly #names = new Map<string, number>();
  #etcd: Running | undefined;
  #apiServer: Running | undefined;
  #admin: KubeClient | undefined;

  constructor(options: ControlPlaneOptions, ports: readonly [number, number, number]) {
    this.#options = options;
    this.#ports = ports;
    this.url = `https://127.0.0.1:${ports[2]}`;
  }

  /** Path of the kubeconfig file of the administrator (group system:masters). */
  get kubeconfigPath(): string {
    return this.user('admin').kubeconfigPath;
  }

  /** Where everything of it is kept. */
  get folder(): string {
    return this.#group.folder;
  }

  /** Its processes. */
  get pids(): number[] {
    return this.#group.pids;
  }

  /** The administrator's access. */
  kubeConfig(): ClusterAccess {
    return this.user('admin').kubeConfig;
  }

  /** A client of the administrator; closed by stop(). */
  client(options: KubeClientOptions = {}): KubeClient {
    const client = new KubeClient(this.kubeConfig(), options);
    this.#clients.push(client);
    return client;
  }

  /** Access of one of ControlPlaneOptions.users. Throws for a name that was not among them. */
  user(name: string): Access {
    const user = this.#tokens.get(name);
    if (!user) {
      throw new Error(`There is no user "${name}"; there are: ${[...this.#tokens.keys()].join(', ')}.`);
    }
    return this.#access(name, user.token);
  }

  /**
   * Access of a service account, with a token from the API server; makes the account when it is not there.
   * It has no rights until a RoleBinding gives it some.
   */
  async serviceAccount(namespace: string, name: string): Promise<Access> {
    await ignoreExisting(this.#client.create(SERVICE_ACCOUNTS, { metadata: { namespace, name } }));
    const answer = await this.#client.createSubresource<TokenRequest>(
      SERVICE_ACCOUNTS,
      { namespace, name },
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [], expirationSeconds: 3600 },
      },
    );
    return this.#access(`${namespace}.${name}`, answer.status?.token ?? '');
  }

  /** Applies all objects of a YAML text in their order; what follows a CRD waits until that is served. */
  async applyYaml(text: string): Promise<void> {
    for (const document of parseAllDocuments(text)) {
      const object: unknown = document.toJS();
      if (!isObject(object)) continue;
      const kinds = await this.#client.kinds(object.apiVersion);
      const resource = kinds.find(({ kind }) => kind === object.kind);
      if (!resource) throw new Error(`The API server serves no ${object.kind} in ${object.apiVersion}.`);
      await this.#client.apply(resource, object, { fieldManager: 'tests', force: true });
      if (isDefinition(object)) await this.#served(object);
    }
  }

  /** Creates a namespace and its default service account, which pods need: no test waits for the controller manager. */
  async createNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.#client.create(NAMESPACES, { metadata: { name, labels } });
    await ignoreExisting(
      this.#client.create(SERVICE_ACCOUNTS, { metadata: { namespace: name, name: 'default' } }),
    );
  }

  /** A name that this control plane has not given before: "<base>-<number>". */
  uniqueName(base: string): string {
    const number = (this.#names.get(base) ?? 0) + 1;
    this.#names.set(base, number);
    return `${base}-${number}`;
  }

  /** Whether it runs and answers: a test that stopped a part of it may have failed before it started that part again. */
  async works(): Promise<boolean> {
    if (this.#group.pids.length < (this.#options.controllerManager ? 3 : 2)) return false;
    return this.#client.get(NAMESPACES, { name: 'default' }).then(
      (found) => found !== undefined,
      () => false,
    );
  }

  /** Ends the API server alone; etcd keeps the data. */
  async stopApiServer(how: 'term' | 'kill' = 'kill'): Promise<void> {
    await this.#apiServer?.end(how === 'term' ? 'SIGTERM' : 'SIGKILL');
  }

  /** Starts it again on the same port, and waits until it is ready. */
  async startApiServer(): Promise<void> {
    const [etcdPort, , port] = this.#ports;
    this.#apiServer = await this.#group.start(
      'kube-apiserver',
      pinnedProgram('kube-apiserver'),
      apiServerArguments(this.#group.folder, etcdPort, port),
    );
    await this.#ready();
  }

  /** Stops etcd's process where it stands, for that many milliseconds; resolves when it goes on. */
  async pauseEtcd(ms: number): Promise<void> {
    if (!this.#etcd) throw new Error('etcd has not been started');
    process.kill(this.#etcd.pid, 'SIGSTOP');
    try {
      await delay(ms);
    } finally {
      process.kill(this.#etcd.pid, 'SIGCONT');
    }
  }

  /** Closes its clients; ends everything and removes the files, unless it is shared. Safe to call twice. */
  async stop(): Promise<void> {
    this.#admin = undefined;
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    if (!this.#options.shared) await this.#group.end();
  }

  /** Ends everything and removes the files, also when it is shared. */
  async end(): Promise<void> {
    await this.stop();
    await this.#group.end();
  }

  /** Starts all. Called by startControlPlane. */
  async start(): Promise<void> {
    const { folder } = this.#group;
    const users = [{ name: 'admin', groups: ['system:masters'] }, ...(this.#options.users ?? [])];
    for (const { name, groups = [] } of users) {
      this.#tokens.set(name, { token: randomBytes(16).toString('hex'), groups });
    }
    writeIdentities(folder, this.#tokens);
    await this.#startEtcd();
    await this.startApiServer();
    for (const manifest of this.#options.manifests ?? []) await this.applyYaml(manifest);
    if (this.#options.controllerManager)
      await startControllerManager(this.#group, this.url, this.user('admin'));
  }

  async #startEtcd(): Promise<void> {
    const [clientPort, peerPort] = this.#ports;
    this.#etcd = await this.#group.start(
      'etcd',
      pinnedProgram('etcd'),
      etcdArguments(this.#group.folder, clientPort, peerPort),
    );
  }

  async #ready(): Promise<void> {
    const programs = [this.#etcd, this.#apiServer].filter((program) => program !== undefined);
    // "default" is made by the API server itself, a moment after it says ready.
    const look = async () => {
      const ended = programs.find((program) => program.ended !== undefined);
      if (ended) return ended;
      await this.#client.list(NAMESPACES, {}, { deadlineMs: 2_000 });
      return (await this.#client.get(NAMESPACES, { name: 'default' }, { deadlineMs: 2_000 })) && 'ready';
    };
    const seen = await until('the API server is ready', look).catch((cause: unknown) => {
      throw new NotReadyError(String(cause), programs, cause);
    });
    if (seen !== 'ready') throw new NotReadyError(`${seen.name} ended by itself (${seen.ended}).`, [seen]);
  }

  async #served(definition: CustomResourceDefinition): Promise<void> {
    const { group, names, versions } = definition.spec;
    for (const version of versions.filter(({ served }) => served)) {
      const apiVersion = `${group}/${version.name}`;
      const resource: Resource = { apiVersion, kind: names.kind, plural: names.plural };
      await until(`${names.plural}.${apiVersion} is served`, () => this.#client.list(resource));
    }
  }

  get #client(): KubeClient {
    this.#admin ??= this.client();
    return this.#admin;
  }

  #access(name: string, token: string): Access {
    return writeAccess(this.#group.folder, this.url, name, token);
  }
}

function isObject(object: unknown): object is KubeObject & { apiVersion: string; kind: string } {
  return typeof object === 'object' && object !== null && 'apiVersion' in object && 'kind' in object;
}

function isDefinition(object: KubeObject): object is CustomResourceDefinition {
  return object.kind === 'CustomResourceDefinition';
}

async function ignoreExisting(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
