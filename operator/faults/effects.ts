import type { Connection } from '@backendai-e2e/api/connection';
import { FAULT_REASONS, type Fault, type FaultReceipt, type ScaledWorkload } from '@backendai-e2e/api/fault';
import { FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { CONNECTION_KEY, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import { isForbidden, isInvalid, isNotFound } from '@backendai-e2e/kube/api-error';
import {
  DEPLOYMENTS,
  type Deployment,
  PODS,
  type Pod,
  SECRETS,
  STATEFUL_SETS,
  type StatefulSet,
} from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { FaultRefused } from './accept.ts';
import type { DeleteSeen, WorkloadSeen } from './delete-step.ts';
import { holderOf } from './leader.ts';
import { type TargetSeen, type ToolSeen, toolsIn } from './pod-step.ts';
import { receiptLines } from './receipt-lines.ts';
import { COMPONENT_LABEL } from './targets.ts';
import { type ToolCall, toolContainer } from './tools.ts';

export interface FaultEffectsOptions {
  client: KubeClient;
  /** Image with the tools that act inside of pods (images/fault-tools); undefined: those actions are refused. */
  image: string | undefined;
  /** Asks Valkey for the value of a lock; a test gives its own. */
  holderOf?: typeof holderOf | undefined;
}

/** Milliseconds for the log of a tool: a node that is gone does not answer. */
const LOG_MS = 5_000;
/** Bytes of a tool's log: it writes some ten short lines. */
const LOG_BYTES = 64 * 1024;

/** What a fault does to the cluster and asks of it. Decides nothing. */
export class FaultEffects {
  readonly #client: KubeClient;
  readonly #image: string | undefined;
  readonly #holderOf: typeof holderOf;

  constructor(options: FaultEffectsOptions) {
    this.#client = options.client;
    this.#image = options.image;
    this.#holderOf = options.holderOf ?? holderOf;
  }

  /** The image with the tools. Throws FaultRefused when the operator was given none. */
  requireImage(): string {
    if (this.#image) return this.#image;
    const message = 'the operator was started without --fault-image: set faultImage of its chart';
    throw new FaultRefused({ reason: FAULT_REASONS.noFaultImage, message });
  }

  /** Pods and workloads of a component, from the API server itself: a cache might not know of a pod that was chosen. */
  async component(namespace: string, component: string, signal: AbortSignal): Promise<DeleteSeen> {
    const query = { namespace, labelSelector: `${COMPONENT_LABEL}=${component}` };
    const [pods, deployments, statefulSets] = await Promise.all([
      this.#client.list(PODS, query, { signal }),
      this.#client.list(DEPLOYMENTS, query, { signal }),
      this.#client.list(STATEFUL_SETS, query, { signal }),
    ]);
    const workloads = [
      ...deployments.items.map((object) => workload('Deployment', object)),
      ...statefulSets.items.map((object) => workload('StatefulSet', object)),
    ];
    return { pods: pods.items, workloads };
  }

  /** The pod of a receipt with the fault's tools in it and what they told. */
  async target(
    fault: Fault,
    namespace: string,
    receipt: FaultReceipt,
    signal: AbortSignal,
  ): Promise<TargetSeen> {
    const pod = await this.#client.get(PODS, { namespace, name: receipt.pod }, { signal });
    if (pod?.metadata.uid !== receipt.uid) return { pod: undefined, tools: [] };
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    // Its processes have ended and its network namespace is taken down.
    if (ended) return { pod: undefined, tools: [] };
    const tools = await Promise.all(
      toolsIn(fault, pod).map(async (tool): Promise<ToolSeen> => {
        if (tool.state === 'waiting' || tool.state === 'unstarted') return { ...tool, lines: [] };
        return { ...tool, ...(await this.#lines(namespace, pod, tool.name, signal)) };
      }),
    );
    return { pod, tools };
  }

  async #lines(
    namespace: string,
    pod: Pod,
    container: string,
    signal: AbortSignal,
  ): Promise<Pick<ToolSeen, 'lines' | 'trouble'>> {
    const at = { namespace, name: pod.metadata.name };
    try {
      const query = { container, limitBytes: LOG_BYTES };
      const text = await this.#client.podLogs(at, query, { signal, deadlineMs: LOG_MS });
      return { lines: receiptLines(text) };
    } catch (error) {
      signal.throwIfAborted();
      return { lines: undefined, trouble: error instanceof Error ? error.message : String(error) };
    }
  }

  /**
   * Puts a tool into the pod as an ephemeral container, unless it is there. Throws FaultRefused when the cluster does not
   * allow that, isConflict when the pod changed meanwhile.
   */
  async runTool(
    fault: Fault,
    pod: Pod,
    receipt: FaultReceipt,
    call: ToolCall,
    signal: AbortSignal,
  ): Promise<void> {
    const container = toolContainer(fault, receipt, call, this.requireImage());
    const present = pod.spec?.ephemeralContainers ?? [];
    if (present.some(({ name }) => name === container.name)) return;
    const { namespace = '', name, resourceVersion } = pod.metadata;
    const patch = { metadata: { resourceVersion }, spec: { ephemeralContainers: [...present, container] } };
    try {
      await this.#client.mergePatch(PODS, { namespace, name }, patch, {
        subresource: 'ephemeralcontainers',
        fieldManager: FIELD_MANAGERS.operator,
        signal,
      });
    } catch (error) {
      if (!isInvalid(error) && !isForbidden(error)) throw error;
      throw new FaultRefused({ reason: FAULT_REASONS.unsupported, message: error.message });
    }
  }

  /** Deletes that very pod; one that is gone is no error. */
  async deletePod(
    namespace: string,
    pod: { name: string; uid: string },
    force: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#client.delete(
      PODS,
      { namespace, name: pod.name },
      { uid: pod.uid, signal, ...(force ? { gracePeriodSeconds: 0 } : {}) },
    );
  }

  /** Sets how many pods a workload is asked for; one that is gone is no error. */
  async scale(
    namespace: string,
    { workload: ref, replicas }: ScaledWorkload,
    signal: AbortSignal,
  ): Promise<void> {
    const [kind, name = ''] = ref.split('/');
    const patch = { spec: { replicas } };
    const options = { fieldManager: FIELD_MANAGERS.operator, signal };
    try {
      if (kind === 'Deployment') {
        await this.#client.mergePatch(DEPLOYMENTS, { namespace, name }, patch, options);
      } else {
        await this.#client.mergePatch(STATEFUL_SETS, { namespace, name }, patch, options);
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** The value of a lock in the environment's Valkey. Throws FaultRefused when it cannot be had. */
  async holderOf(
    environment: TestEnvironment,
    key: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const name = environment.status?.connectionSecret ?? '';
    const namespace = environment.metadata.namespace ?? '';
    const secret = name === '' ? undefined : await this.#client.get(SECRETS, { namespace, name }, { signal });
    const content = secret?.data?.[CONNECTION_KEY];
    const refused = (message: string) => new FaultRefused({ reason: FAULT_REASONS.leaderUnknown, message });
    if (!content) throw refused(`TestEnvironment ${environment.metadata.name} has no connection Secret`);
    let connection: Pick<Connection, 'valkey'>;
    try {
      connection = JSON.parse(Buffer.from(content, 'base64').toString());
    } catch {
      // Not the parser's message: it quotes what it read, and that is secret.
      throw refused(`Secret ${name} holds no JSON under ${CONNECTION_KEY}`);
    }
    try {
      return await this.#holderOf(connection.valkey, key);
    } catch (error) {
      throw refused(error instanceof Error ? error.message : String(error));
    }
  }
}

function workload(kind: string, object: Deployment | StatefulSet): WorkloadSeen {
  return {
    workload: `${kind}/${object.metadata.name}`,
    replicas: object.spec?.replicas ?? 1,
    readyReplicas: object.status?.readyReplicas ?? 0,
  };
}
