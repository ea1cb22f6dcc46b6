import { FIELD_MANAGERS, FINALIZERS } from '@backendai-e2e/api/group';
import { TEST_ENVIRONMENTS } from '@backendai-e2e/api/resources';
import {
  CONNECTION_KEY,
  ENVIRONMENT_CONDITIONS,
  ENVIRONMENT_REASONS,
  type TestEnvironment,
  type TestEnvironmentStatus,
} from '@backendai-e2e/api/test-environment';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { Result } from '@backendai-e2e/controller/controller';
import type { EventLog } from '@backendai-e2e/controller/event-log';
import { setFinalizer } from '@backendai-e2e/controller/finalizer';
import type { Informer } from '@backendai-e2e/controller/informer';
import { StatusWriter } from '@backendai-e2e/controller/status-writer';
import { isConflict } from '@backendai-e2e/kube/api-error';
import { SECRETS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Clock } from '@backendai-e2e/kube/clock';
import { type ObjectName, objectName } from '@backendai-e2e/kube/object';
import { maskStrings } from '@backendai-e2e/redaction/redaction';
import type { OperatorMetrics } from '../observability/metrics.ts';
import { conditionNotices } from '../observability/notices.ts';
import { componentStatuses, deadContainers, deployedBuild, failedJobs, unready } from './components.ts';
import { deployStep, installing, isFinalFailure, placed, turnOf } from './decide.ts';
import { copyConnection } from './environment-secrets.ts';
import { expire, stored } from './expire.ts';
import { expiresInMs } from './expiry.ts';
import { ChartNotFoundError } from './helm/chart.ts';
import { HelmError } from './helm/helm.ts';
import type { Installer } from './installer.ts';
import { isOwn, namespaceOf, whatHolds } from './namespace.ts';
import { deploying, notDeployed, observeDeployment, observeExternal, withObservations } from './observe.ts';
import { deploymentRefusal } from './refusal.ts';
import { driftOf, missingWorkloads } from './release.ts';
import { TerminationLogs } from './termination-logs.ts';
import type { WorkloadWatch } from './workload-watch.ts';

/** What the reconciler of TestEnvironments reads and acts with. */
export interface TestEnvironmentDependencies {
  client: KubeClient;
  environments: Informer<TestEnvironment>;
  runs: Informer<TestRun>;
  installer: Installer;
  watch: WorkloadWatch;
  events: EventLog;
  operatorMetrics: OperatorMetrics;
  clock: Clock;
}

/** Milliseconds until the next reconcile for changes that are not watched. */
const SOON_MS = 250;
const GOING_MS = 1_000;
/** Milliseconds between looks for a missing Secret. Secrets are not watched, because they would fill the cache. */
const SECRET_MS = 2_000;
/** Message for spec.chart where the operator cannot deploy. */
const CONFINED =
  'this operator is limited to certain namespaces (watchNamespaces) and cannot create one for a deployment. Deploy Backend.AI yourself and set spec.external with connectionSecretRef, or install the operator without watchNamespaces.';

const FINALIZER = {
  resource: TEST_ENVIRONMENTS,
  finalizer: FINALIZERS.environment,
  fieldManager: FIELD_MANAGERS.operator,
};

/** Deploys, observes and deletes the Backend.AI deployment of each TestEnvironment. */
export class TestEnvironmentReconciler {
  readonly #with: TestEnvironmentDependencies;
  readonly #status: StatusWriter<TestEnvironment>;
  readonly #terminationLogs: TerminationLogs;

  constructor(dependencies: TestEnvironmentDependencies) {
    this.#with = dependencies;
    this.#status = new StatusWriter({
      client: dependencies.client,
      resource: TEST_ENVIRONMENTS,
      fieldManager: FIELD_MANAGERS.operator,
    });
    this.#terminationLogs = new TerminationLogs(dependencies.client);
  }

  readonly reconcile = async (name: ObjectName, signal: AbortSignal): Promise<Result | undefined> => {
    const cached = this.#with.environments.get(name);
    if (!cached) return undefined;
    const environment = this.#status.latest(cached);
    try {
      if (environment.metadata.deletionTimestamp) return await this.#delete(environment, signal);
      const left = expiresInMs(environment, this.#with.runs.list(name.namespace), this.#with.clock.now());
      if (left !== undefined && left <= 0) return await expire(this.#with, environment, signal);
      const result = environment.spec.external
        ? await this.#observeExternal(environment, signal)
        : await this.#deploy(environment, signal);
      return { requeueAfterMs: earliest(result?.requeueAfterMs, left) };
    } catch (error) {
      if (isConflict(error)) return { requeueAfterMs: SOON_MS };
      throw error;
    }
  };

  async #observeExternal(environment: TestEnvironment, signal: AbortSignal): Promise<Result> {
    const { client, clock } = this.#with;
    const name = environment.spec.external?.connectionSecretRef?.name;
    const at = { namespace: environment.metadata.namespace ?? '', name: name ?? '' };
    const secret = name === undefined ? undefined : await client.get(SECRETS, at, { signal });
    const found = secret?.data?.[CONNECTION_KEY] !== undefined;
    const status = observeExternal(
      environment,
      clock.now(),
      name === undefined ? undefined : { name, found },
    );
    await this.#write(environment, status, signal);
    return { requeueAfterMs: name !== undefined && !found ? SECRET_MS : undefined };
  }

  async #deploy(before: TestEnvironment, signal: AbortSignal): Promise<Result | undefined> {
    const { installer, clock } = this.#with;
    if (!installer.deploys) {
      const { deploymentForbidden } = ENVIRONMENT_REASONS;
      const status = notDeployed(before, before.status ?? {}, clock.now(), deploymentForbidden, CONFINED);
      await this.#write(before, status, signal);
      return undefined;
    }
    const environment = await setFinalizer(this.#with.client, FINALIZER, before, 'hold', signal);
    const refuse = async (reason: string, message: string) => {
      const status = notDeployed(environment, placed(environment), clock.now(), reason, message);
      await this.#write(environment, status, signal);
      return undefined;
    };
    const wait = (message: string) =>
      this.#write(environment, deploying(environment, placed(environment), clock.now(), message), signal);

    let wanted: string;
    try {
      wanted = await installer.wanted(environment.spec.chart ?? { name: '' });
    } catch (error) {
      if (!(error instanceof ChartNotFoundError)) throw error;
      return refuse(ENVIRONMENT_REASONS.chartNotFound, error.message);
    }
    const refusal = await deploymentRefusal(installer, environment, wanted, signal);
    if (refusal) return refuse(refusal.reason, refusal.message);
    const first = { ...objectName(environment), name: environment.spec.deployAfterRef?.name ?? '' };
    const notYet = turnOf(environment, wanted, this.#with.environments.get(first));
    if (notYet) {
      await wait(notYet);
      return undefined;
    }
    let step = deployStep(environment, wanted, await installer.namespace(environment, signal));
    if (step.do === 'createNamespace') {
      step = deployStep(environment, wanted, await installer.createNamespace(environment, signal));
    }
    switch (step.do) {
      case 'refuse':
        return refuse(step.reason, step.message);
      case 'createNamespace':
        // Another created it, and it was deleted again in between.
        await wait(`namespace ${namespaceOf(environment)} was deleted just after it was created`);
        return { requeueAfterMs: GOING_MS };
      case 'wait':
        await wait(step.message);
        return { requeueAfterMs: GOING_MS };
      case 'leave':
        return undefined;
      case 'install': {
        const after = await this.#install(environment, wanted, signal);
        return after && this.#observe(after, signal);
      }
      case 'observe':
        return this.#observe(environment, signal);
    }
  }

  /** Runs helm. Resolves to the environment with its new status, or to undefined when helm failed for good. */
  async #install(
    environment: TestEnvironment,
    wanted: string,
    signal: AbortSignal,
  ): Promise<TestEnvironment | undefined> {
    const { installer, clock } = this.#with;
    const status = installing(environment, wanted, clock.now());
    const begins = `helm installs chart ${environment.spec.chart?.name ?? ''}`;
    const started = await this.#write(
      environment,
      deploying(environment, status, clock.now(), begins),
      signal,
    );
    if (!started) return undefined;
    try {
      await installer.takeRights(started, signal);
      await installer.upgrade(started, signal);
    } catch (error) {
      // A stop is no failure: the next operator resumes the installation.
      if (signal.aborted || isConflict(error)) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const transient = !(error instanceof HelmError) || error.transient;
      const now = clock.now();
      const before = started.status ?? {};
      if (isFinalFailure(started, transient, now)) {
        const failed = notDeployed(started, before, now, ENVIRONMENT_REASONS.helmFailed, message);
        await this.#write(started, failed, signal);
        return undefined;
      }
      await this.#write(started, deploying(started, before, now, `retried after: ${message}`), signal);
      throw error;
    }
    // A late cache would show the workloads of before, all of them ready: the next look lists them.
    this.#with.watch.forget(namespaceOf(started), objectName(started));
    // Written with the first observation of what helm installed.
    return { ...started, status: { ...started.status, valuesHash: wanted } };
  }

  /** Observes the deployment. Reports changes by hand, and repairs nothing. */
  async #observe(environment: TestEnvironment, signal: AbortSignal): Promise<Result> {
    const { client, installer, watch, clock } = this.#with;
    const namespace = namespaceOf(environment);
    const { workloads, pods } = await watch.follow(namespace, objectName(environment), signal);
    const installed = await installer.installed(environment, signal);
    const missing = missingWorkloads(installed ?? [], workloads);
    let components = componentStatuses(workloads, pods, { missing });
    if (unready(components).length > 0) {
      const [events, logs] = await Promise.all([
        watch.events(namespace, signal),
        this.#terminationLogs.of(namespace, pods.flatMap(deadContainers), signal),
      ]);
      components = componentStatuses(workloads, pods, { events, logs, missing });
    }
    const copied = await copyConnection(client, environment, deployedBuild(components), signal);
    components = maskStrings(components, copied.secrets);
    const { status, requeueAfterMs } = observeDeployment(environment, environment.status ?? {}, {
      ...{ now: clock.now(), components, failedJobs: failedJobs(workloads) },
      drift: installed ? driftOf(installed, workloads).map((each) => copied.secrets.mask(each)) : undefined,
      connectionSecret: copied.name,
    });
    await this.#write(environment, status, signal);
    return { requeueAfterMs: earliest(requeueAfterMs, copied.name ? undefined : SECRET_MS) };
  }

  /** Uninstalls, deletes the namespace, waits until it is gone, then drops the finalizer. Reports what blocks it. */
  async #delete(environment: TestEnvironment, signal: AbortSignal): Promise<Result | undefined> {
    const { installer, watch, clock, events } = this.#with;
    if (!environment.metadata.finalizers?.includes(FINALIZERS.environment)) return undefined;
    // A namespace belongs to the environment of a name. By now that may be a later one, and its deployment.
    if (!(await stored(this.#with.client, environment, signal))) return undefined;
    watch.forget(namespaceOf(environment), objectName(environment));
    const namespace = await installer.namespace(environment, signal);
    const isForeign = namespace !== undefined && !isOwn(namespace, environment);
    if (!isForeign) installer.forget(environment);
    if (!namespace || isForeign) {
      await setFinalizer(this.#with.client, FINALIZER, environment, 'drop', signal);
      return undefined;
    }
    const { name } = namespace.metadata;
    const report = async (message: string) => {
      const { ready } = ENVIRONMENT_CONDITIONS;
      const seen = [{ type: ready, status: 'False' as const, reason: ENVIRONMENT_REASONS.deleting, message }];
      const status = withObservations(environment, environment.status ?? {}, clock.now(), seen);
      await this.#write(environment, status, signal);
    };
    if (namespace.metadata.deletionTimestamp) {
      await report(
        `namespace ${name} is being deleted; ${whatHolds(namespace) ?? 'its objects are being deleted'}`,
      );
      return { requeueAfterMs: GOING_MS };
    }
    await report(`the release is uninstalled and namespace ${name} deleted`);
    try {
      await installer.uninstall(environment, signal);
    } catch (error) {
      if (!(error instanceof HelmError)) throw error;
      // The namespace is deleted with everything in it: a release that helm cannot uninstall must not block that.
      events.record(environment, { type: 'Warning', reason: 'UninstallFailed', message: error.message });
    }
    await installer.deleteNamespace(environment, namespace, signal);
    return { requeueAfterMs: SOON_MS };
  }

  async #write(
    environment: TestEnvironment,
    status: TestEnvironmentStatus,
    signal: AbortSignal,
  ): Promise<TestEnvironment | undefined> {
    const before = environment.status?.conditions;
    const after = await this.#status.write(environment, status, signal);
    if (!after) return undefined;
    this.#with.operatorMetrics.environment(environment, status);
    const bad = [ENVIRONMENT_CONDITIONS.deployed, ENVIRONMENT_CONDITIONS.ready];
    const object = { ...after, apiVersion: environment.apiVersion, kind: environment.kind };
    for (const notice of conditionNotices(before, status.conditions, bad)) {
      this.#with.events.record(object, notice);
    }
    return object;
  }
}

function earliest(...delays: (number | undefined)[]): number | undefined {
  const given = delays.filter((delay) => delay !== undefined);
  return given.length > 0 ? Math.min(...given) : undefined;
}
