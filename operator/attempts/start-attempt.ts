import { ownerReference, TEST_REPORTS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { DeploymentChange } from '@backendai-e2e/api/test-report';
import { environmentOf, environmentsOf, type TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { isAlreadyExists, isRefused, mayHaveActed } from '@backendai-e2e/kube/api-error';
import { JOBS, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import type { Intent, KubeObject, Resource } from '@backendai-e2e/kube/object';
import { attemptContext, traceparent } from '@backendai-e2e/results/trace-ids';
import { attemptAccess } from './attempt-access.ts';
import { attemptJob, type JobInput, specIn } from './attempt-job.ts';
import { attemptLabels } from './attempt-name.ts';

/** One attempt to start. Its objects are created unless they exist. */
export interface AttemptStart {
  /** Name of its line in the run. */
  line: string;
  suite: TestSuite;
  attempt: number;
  /** From attemptName. */
  name: string;
  /** TestEnvironment in which it runs. */
  environment: string;
  /** When the run's first attempt in that environment was made, RFC 3339. */
  since: string;
  /** For a suite that runs last: what earlier attempts noted as changed, and no Job undid. */
  changes?: readonly DeploymentChange[];
}

/** The name belongs to an object of another owner: no retry helps. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError';
}

/** The name belongs to the remains of an earlier run of the same name, which the garbage collector deletes. */
export class NotYetFreeError extends Error {
  override readonly name = 'NotYetFreeError';
}

/** An earlier reconcile, which the caches have not seen yet, started the attempt in another environment. */
export class ChosenElsewhereError extends Error {
  override readonly name = 'ChosenElsewhereError';
}

/**
 * Creates the objects of an attempt, or adopts those of an earlier reconcile. Creates no Job when the attempt has ended. The
 * Job waits only for its account and report. The API server checks each of Role and binding against the operator's own
 * rights, which takes about 0.1 s. A pod takes longer to start.
 * Throws NameTakenError, NotYetFreeError, ChosenElsewhereError, ApiError.
 */
export async function startAttempt(
  client: Pick<KubeClient, 'create' | 'get' | 'delete'>,
  run: TestRun,
  { suite, attempt, name, environment, since, changes }: AttemptStart,
  { place, pods }: { place: TestEnvironment | undefined } & Pick<JobInput, 'pods'>,
  signal: AbortSignal,
): Promise<void> {
  const namespace = run.metadata.namespace ?? '';
  const labels = attemptLabels(run.metadata.name, suite.metadata.name, attempt);
  const owner = ownerReference(run);
  const identity = { name, namespace, labels, owner };
  const access = attemptAccess(identity, { disruptive: suite.spec.disruptive === true });
  const makeJob = async () => {
    const metadata = { name, namespace, labels, ownerReferences: [owner] };
    const several = environmentsOf(run).length > 1;
    const spec = {
      run: run.metadata.name,
      suite: suite.metadata.name,
      attempt,
      ...(several ? { environment } : {}),
    };
    const [report] = await Promise.all([
      ensure(client, TEST_REPORTS, { metadata, spec }, owner.uid, signal),
      ensure(client, SERVICE_ACCOUNTS, access.serviceAccount, owner.uid, signal),
    ]);
    const chosen = environmentOf(run, report.spec);
    if (chosen !== environment) {
      throw new ChosenElsewhereError(`TestReport ${namespace}/${name} is of an attempt in ${chosen}`);
    }
    if (report.status?.final === true) return undefined;
    const job = attemptJob({
      ...identity,
      run: run.metadata.name,
      environment,
      suite: suite.metadata.name,
      attempt,
      since,
      changes,
      spec: specIn(place?.spec, suite.spec),
      grep: run.spec.grep,
      rounds: run.spec.rounds,
      queueName: run.spec.queueName,
      traceparent: traceparent(attemptContext(owner.uid, report.metadata.uid ?? name)),
      connectionSecret: place?.status?.connectionSecret,
      pods,
    });
    return ensure(client, JOBS, job, owner.uid, signal);
  };
  const giveRights = async () => {
    // The API server refuses a binding to a Role that does not exist yet.
    await ensure(client, ROLES, access.role, owner.uid, signal);
    await ensure(client, ROLE_BINDINGS, access.roleBinding, owner.uid, signal);
  };
  const [job, rights] = await Promise.allSettled([makeJob(), giveRights()]);
  if (rights.status === 'rejected') {
    // Without its rights the pod cannot report: it must not run.
    const uid = job.status === 'fulfilled' ? job.value?.metadata.uid : undefined;
    if ((rights.reason instanceof NameTakenError || isRefused(rights.reason)) && uid) {
      await client.delete(JOBS, { namespace, name }, { uid, signal });
    }
    throw rights.reason;
  }
  if (job.status === 'rejected') throw job.reason;
}

/**
 * Creates the object, or returns the existing one if it has the same owner. An API server that failed may have created it. A look
 * at once saves the next reconcile from creating all objects of the attempt again.
 */
async function ensure<T extends KubeObject>(
  client: Pick<KubeClient, 'create' | 'get'>,
  resource: Resource<T>,
  intent: Intent<T>,
  ownerUid: string,
  signal: AbortSignal,
): Promise<T> {
  let failure: unknown;
  try {
    return await client.create(resource, intent, { signal });
  } catch (error) {
    if (!isAlreadyExists(error) && !mayHaveActed(error)) throw error;
    failure = error;
  }
  const { name } = intent.metadata;
  const namespace = intent.metadata.namespace ?? '';
  const existing = await client.get(resource, { namespace, name }, { signal });
  const what = `${resource.kind} ${namespace}/${name}`;
  if (!existing) throw isAlreadyExists(failure) ? new NotYetFreeError(`${what} is being deleted`) : failure;
  const [owner] = existing.metadata.ownerReferences ?? [];
  if (owner?.uid === ownerUid) return existing;
  if (existing.metadata.deletionTimestamp || owner?.name === ownerName(intent)) {
    throw new NotYetFreeError(`${what} is left of an earlier run of that name and is being collected`);
  }
  const whose = owner ? `${owner.kind} ${owner.name}` : 'an owner unknown to this run';
  throw new NameTakenError(`${what} exists and belongs to ${whose}: delete it or give the run another name`);
}

function ownerName(intent: Intent<KubeObject>): string | undefined {
  return intent.metadata.ownerReferences?.[0]?.name;
}
