import { CONNECTION_SECRET, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import { isAlreadyExists } from '@backendai-e2e/kube/api-error';
import {
  NAMESPACES,
  type Namespace,
  PODS,
  ROLE_BINDINGS,
  SECRETS,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { withSettlingRights } from '@backendai-e2e/kube/settling-rights';
import { Secrets, secretValues } from '@backendai-e2e/redaction/redaction';
import { beyondLimits, comesFrom, type EnvironmentLimits } from './allowed.ts';
import type { Workload } from './components.ts';
import { secretsIn } from './environment-secrets.ts';
import { chartDigest, installationHash } from './helm/chart.ts';
import {
  HelmError,
  pendingReleaseSelector,
  runHelm,
  templateArguments,
  uninstallArguments,
  upgradeArguments,
} from './helm/helm.ts';
import { renderedObjects } from './helm/rendered.ts';
import {
  environmentNamespace,
  environmentRoleBinding,
  isOwn,
  namespaceOf,
  type OperatorIdentity,
} from './namespace.ts';
import { deployedReleaseSelector, installedWorkloads, newestRelease } from './release.ts';

/** How deployments are installed: with which helm, which charts and whose rights. */
export interface InstallerOptions {
  client: KubeClient;
  clock: Clock;
  helm: { binary: string; kubeconfig: string | undefined };
  /** Folder that contains one folder per chart. */
  chartsDir: string;
  /** Undefined: the operator has its rights everywhere (as an administrator, and in tests). */
  identity: OperatorIdentity | undefined;
  /** False: the operator has rights only in the namespaces that it watches, and can deploy nothing. */
  deploys: boolean;
  /** What deployments may use of the nodes; undefined: anything (as an administrator, and in tests). */
  limits?: EnvironmentLimits | undefined;
}

/** Installations whose check is remembered. */
const REMEMBERED = 500;
/** Milliseconds for `helm template`, which sends no request. */
const TEMPLATE_MS = 60_000;
/** Milliseconds for `helm upgrade`; it does not wait for pods. */
const UPGRADE_MS = 240_000;
const UNINSTALL_MS = 60_000;

/** The effects of deploying an environment: its namespace, its rights, its Helm release. */
export class Installer {
  readonly #with: InstallerOptions;
  /** By chart. Charts are part of the operator's image: their digests do not change while it runs. */
  readonly #digests = new Map<string, string>();
  /** By hash of the installation and namespace: what it asks for beyond the limits. */
  readonly #beyond = new Map<string, string[]>();
  /** By namespace. */
  readonly #installed = new Map<string, { hash: string; workloads: Workload[] }>();

  constructor(options: InstallerOptions) {
    this.#with = options;
  }

  /** Whether the operator can deploy environments. */
  get deploys(): boolean {
    return this.#with.deploys;
  }

  /** Hash of the installation that the spec asks for. Throws ChartNotFoundError. */
  async wanted(chart: NonNullable<TestEnvironment['spec']['chart']>): Promise<string> {
    const digest = this.#digests.get(chart.name) ?? (await chartDigest(this.#with.chartsDir, chart.name));
    this.#digests.set(chart.name, digest);
    return installationHash(chart.name, digest, chart.values);
  }

  /**
   * What an environment asks for beyond the operator's settings, one phrase each. Looks at what the chart renders to, until it is
   * installed: values reach it in many ways. Throws HelmError.
   */
  async beyondLimits(environment: TestEnvironment, wanted: string, signal: AbortSignal): Promise<string[]> {
    const { chartsDir, limits } = this.#with;
    const { chart } = environment.spec;
    if (!limits || !chart) return [];
    const { runtimeImage } = environment.spec;
    const ofSuites =
      runtimeImage === undefined || comesFrom(runtimeImage, limits.images) ? [] : [`image ${runtimeImage}`];
    if (environment.status?.valuesHash === wanted) return ofSuites;
    const namespace = namespaceOf(environment);
    const key = `${wanted} ${namespace}`;
    const known = this.#beyond.get(key);
    if (known) return [...known, ...ofSuites];
    const args = templateArguments(environment.metadata.name, `${chartsDir}/${chart.name}`, namespace);
    const call = { ...this.#with.helm, signal, deadlineMs: TEMPLATE_MS };
    let found: string[];
    try {
      const manifest = await runHelm(call, args, JSON.stringify(chart.values ?? {}));
      found = beyondLimits(await renderedObjects(manifest), namespace, limits);
    } catch (error) {
      if (!(error instanceof HelmError)) throw error;
      const secrets = new Secrets();
      secrets.add(secretValues(chart.values));
      throw error.masked(secrets);
    }
    if (this.#beyond.size >= REMEMBERED) this.#beyond.clear();
    this.#beyond.set(key, found);
    return [...found, ...ofSuites];
  }

  /** The namespace of the deployment, from the API server; undefined where it does not exist. */
  namespace(environment: TestEnvironment, signal: AbortSignal): Promise<Namespace | undefined> {
    return this.#with.client.get(NAMESPACES, { name: namespaceOf(environment) }, { signal });
  }

  /** Creates the namespace; resolves to the existing one if another created it first. */
  async createNamespace(environment: TestEnvironment, signal: AbortSignal): Promise<Namespace | undefined> {
    try {
      return await this.#with.client.create(NAMESPACES, environmentNamespace(environment), { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      return this.namespace(environment, signal);
    }
  }

  /** Grants the operator its rights in the namespace, and waits until they are in force. */
  async takeRights(environment: TestEnvironment, signal: AbortSignal): Promise<void> {
    const { client, clock, identity } = this.#with;
    if (!identity) return;
    const namespace = namespaceOf(environment);
    const binding = environmentRoleBinding(namespace, identity);
    try {
      await client.create(ROLE_BINDINGS, binding, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const look = () => client.list(PODS, { namespace }, { signal, pageSize: 1 });
    await withSettlingRights(look, { clock, signal });
  }

  /**
   * Installs or upgrades the release with the values of the spec. First removes the unfinished operation of a killed operator,
   * which would make helm refuse. Throws HelmError.
   */
  async upgrade(environment: TestEnvironment, signal: AbortSignal): Promise<void> {
    const { client, chartsDir } = this.#with;
    const { chart } = environment.spec;
    if (!chart) return;
    const release = environment.metadata.name;
    const namespace = namespaceOf(environment);
    const pending = await client.list(
      SECRETS,
      { namespace, labelSelector: pendingReleaseSelector(release) },
      { signal },
    );
    for (const { metadata } of pending.items) {
      await client.delete(SECRETS, { namespace, name: metadata.name }, { uid: metadata.uid, signal });
    }
    const args = upgradeArguments(release, `${chartsDir}/${chart.name}`, namespace);
    const call = { ...this.#with.helm, signal, deadlineMs: UPGRADE_MS };
    try {
      // JSON is valid YAML, and needs no library.
      await runHelm(call, args, JSON.stringify(chart.values ?? {}));
    } catch (error) {
      if (!(error instanceof HelmError)) throw error;
      throw error.masked(await this.#secrets(environment, signal));
    }
  }

  /** Secrets that helm may quote: secret values of the spec and of an existing connection. */
  async #secrets(environment: TestEnvironment, signal: AbortSignal): Promise<Secrets> {
    const at = { namespace: namespaceOf(environment), name: CONNECTION_SECRET };
    const secrets = secretsIn(await this.#with.client.get(SECRETS, at, { signal }));
    secrets.add(secretValues(environment.spec.chart?.values));
    return secrets;
  }

  /**
   * The workloads that helm installed in this environment, read from its release once per installation. Undefined without a
   * release.
   */
  async installed(environment: TestEnvironment, signal: AbortSignal): Promise<Workload[] | undefined> {
    const namespace = namespaceOf(environment);
    const hash = environment.status?.valuesHash;
    const known = this.#installed.get(namespace);
    if (known && known.hash === hash) return known.workloads;
    const labelSelector = deployedReleaseSelector(environment.metadata.name);
    const { items } = await this.#with.client.list(SECRETS, { namespace, labelSelector }, { signal });
    const newest = newestRelease(items);
    const workloads = newest ? await installedWorkloads(newest) : undefined;
    if (workloads && hash) this.#installed.set(namespace, { hash, workloads });
    return workloads;
  }

  /** Forgets the release of an environment that is being deleted. */
  forget(environment: TestEnvironment): void {
    this.#installed.delete(namespaceOf(environment));
  }

  /** Uninstalls the release; a missing release is no error. Throws HelmError. */
  async uninstall(environment: TestEnvironment, signal: AbortSignal): Promise<void> {
    const args = uninstallArguments(environment.metadata.name, namespaceOf(environment));
    await runHelm({ ...this.#with.helm, signal, deadlineMs: UNINSTALL_MS }, args);
  }

  /** Deletes the namespace if it belongs to this environment. */
  async deleteNamespace(
    environment: TestEnvironment,
    namespace: Namespace,
    signal: AbortSignal,
  ): Promise<void> {
    if (!isOwn(namespace, environment)) return;
    const { name, uid } = namespace.metadata;
    await this.#with.client.delete(NAMESPACES, { name }, { uid, signal });
  }
}
