import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlreadyExists } from '@backendai-e2e/kube/api-error';
import { NAMESPACES, SERVICE_ACCOUNTS } from '@backendai-e2e/kube/builtin-resources';
import { KubeClient, type KubeClientOptions } from '@backendai-e2e/kube/client';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import type { KubeObject, Resource } from '@backendai-e2e/kube/object';
import { parseAllDocuments } from 'yaml';
import { freePorts } from '../processes/free-ports.ts';
import { requiredTool } from '../processes/pinned-tools.ts';
import { ProcessGroup, type Running } from '../processes/process-group.ts';
import { until } from '../waits/until.ts';
import { type Access, writeAccess, writeIdentities } from './access.ts';
import { startControllerManager } from './controller-manager.ts';
import { NotReadyError } from './not-ready-error.ts';
import { apiServerArguments, etcdArguments } from './program-arguments.ts';

/** authentication.k8s.io/v1 TokenRequest, the subresource `token` of a service account. */
interface TokenRequest extends KubeObject {
  status?: { token: string };
}

/** What a control plane has besides API server and etcd. */
export interface ControlPlaneOptions {
  /** Also start kube-controller-manager: Jobs make pods, owned objects are collected, namespaces get deleted. Default false. */
  controllerManager?: boolean;
  /** More users, with a token each. Their only rights are those of their groups. */
  users?: readonly { name: string; groups?: readonly string[] }[];
  /**
   * YAML texts to apply before the controller manager starts. Put CRDs here: the garbage collector looks for new kinds only
   * every 30 s.
   */
  manifests?: readonly string[];
  /** Keep running after stop(), for the next test file. The control plane ends with this process. Default false. */
  shared?: boolean;
  /** Returns the ports of etcd's clients, etcd's peers and the API server. Called for each start. Default: free ports. */
  ports?: () => Promise<readonly [number, number, number]>;
}

/** The number of attempts to start, each with new ports: another process may take a port first. */
const STARTS = 3;

interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string; served: boolean }[];
  };
}

/** Starts a control plane. Rejects with the missing program, or with the end of the log of the program that failed. */
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
 * A real API server with its own etcd on loopback ports. RBAC is on, and anonymous requests are refused. There is no kubelet:
 * pods stay Pending until a test sets their status.
 */
export class ControlPlane {
  /** https://127.0.0.1:<port> */
  readonly url: string;
  readonly #options: ControlPlaneOptions;
  readonly #ports: readonly [number, number, number];
  readonly #group = new ProcessGroup('e2e-control-plane');
  readonly #tokens = new Map<string, { token: string; groups: readonly string[] }>();
  readonly #clients: KubeClient[] = [];
  /** The number of unique names given, by base. */
  readonly #names = new Map<string, number>();
  #etcd: Running | undefined;
  #apiServer: Running | undefined;
  #admin: KubeClient | undefined;

  constructor(options: ControlPlaneOptions, ports: readonly [number, number, number]) {
    this.#options = options;
    this.#ports = ports;
    this.url = `https://127.0.0.1:${ports[2]}`;
  }

  /** The path of the administrator's kubeconfig (group system:masters). */
  get kubeconfigPath(): string {
    return this.user('admin').kubeconfigPath;
  }

  /** The folder with all its files. */
  get folder(): string {
    return this.#group.folder;
  }

  /** The IDs of its processes. */
  get pids(): number[] {
    return this.#group.pids;
  }

  /** The administrator's access. */
  kubeConfig(): ClusterAccess {
    return this.user('admin').kubeConfig;
  }

  /** Creates a client with the administrator's access. stop() closes the client. */
  client(options: KubeClientOptions = {}): KubeClient {
    const client = new KubeClient(this.kubeConfig(), options);
    this.#clients.push(client);
    return client;
  }

  /** The access of one of ControlPlaneOptions.users. Throws for an unknown name. */
  user(name: string): Access {
    const user = this.#tokens.get(name);
    if (!user) {
      throw new Error(`There is no user "${name}"; there are: ${[...this.#tokens.keys()].join(', ')}.`);
    }
    return this.#access(name, user.token);
  }

  /**
   * The access of a service account, with a token from the API server. Creates the account if it does not exist. The account
   * has no rights without a RoleBinding.
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

  /** Applies the objects of a YAML text in order. Waits after each CRD until the API server serves it. */
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

  /** Creates a namespace and its default service account, so that no test waits for the controller manager. */
  async createNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.#client.create(NAMESPACES, { metadata: { name, labels } });
    await ignoreExisting(
      this.#client.create(SERVICE_ACCOUNTS, { metadata: { namespace: name, name: 'default' } }),
    );
  }

  /** Returns a new name: "<base>-<number>". */
  uniqueName(base: string): string {
    const number = (this.#names.get(base) ?? 0) + 1;
    this.#names.set(base, number);
    return `${base}-${number}`;
  }

  /** Whether all programs run and the API server answers. A failed test may have left one stopped. */
  async works(): Promise<boolean> {
    if (this.#group.pids.length < (this.#options.controllerManager ? 3 : 2)) return false;
    return this.#client.get(NAMESPACES, { name: 'default' }).then(
      (found) => found !== undefined,
      () => false,
    );
  }

  /** Stops the API server. etcd keeps the data. */
  async stopApiServer(how: 'term' | 'kill' = 'kill'): Promise<void> {
    await this.#apiServer?.end(how === 'term' ? 'SIGTERM' : 'SIGKILL');
  }

  /** Starts the API server on the same port, and waits until it is ready. */
  async startApiServer(): Promise<void> {
    const [etcdPort, , port] = this.#ports;
    this.#apiServer = await this.#group.start(
      'kube-apiserver',
      requiredTool('kube-apiserver'),
      apiServerArguments(this.#group.folder, etcdPort, port),
    );
    await this.#ready();
  }

  /** Pauses the process of etcd for a number of milliseconds. Resolves when etcd continues. */
  async pauseEtcd(ms: number): Promise<void> {
    if (!this.#etcd) throw new Error('etcd has not been started');
    process.kill(this.#etcd.pid, 'SIGSTOP');
    try {
      await delay(ms);
    } finally {
      process.kill(this.#etcd.pid, 'SIGCONT');
    }
  }

  /** Closes its clients. Ends all programs and removes the files, unless it is shared. Safe to call twice. */
  async stop(): Promise<void> {
    this.#admin = undefined;
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    if (!this.#options.shared) await this.#group.end();
  }

  /** Ends all programs and removes the files, even if it is shared. */
  async end(): Promise<void> {
    await this.stop();
    await this.#group.end();
  }

  /** Starts all programs. Only startControlPlane() calls this. */
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
      requiredTool('etcd'),
      etcdArguments(this.#group.folder, clientPort, peerPort),
    );
  }

  async #ready(): Promise<void> {
    const programs = [this.#etcd, this.#apiServer].filter((program) => program !== undefined);
    // The API server creates the namespace "default" shortly after it reports ready.
    const look = async () => {
      const ended = programs.find((program) => program.ended !== undefined);
      if (ended) return ended;
      await this.#client.list(NAMESPACES, {}, { deadlineMs: 2_000 });
      return (await this.#client.get(NAMESPACES, { name: 'default' }, { deadlineMs: 2_000 })) && 'ready';
    };
    const seen = await until('the API server is ready', look).catch((cause: unknown) => {
      throw new NotReadyError(String(cause), programs, cause);
    });
    if (seen !== 'ready') throw new NotReadyError(`${seen.name} ended early (${seen.ended}).`, [seen]);
  }

  async #served(definition: CustomResourceDefinition): Promise<void> {
    const { group, names, versions } = definition.spec;
    for (const version of versions.filter(({ served }) => served)) {
      const apiVersion = `${group}/${version.name}`;
      const resource: Resource = { apiVersion, kind: names.kind, plural: names.plural };
      // Clients look in the list of kinds first, which comes later than the objects on a busy machine.
      await until(`${names.plural}.${apiVersion} is served`, async () => {
        await this.#client.list(resource);
        const kinds = await this.#client.kinds(apiVersion);
        return kinds.some(({ plural }) => plural === names.plural);
      });
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
