import { FAULT_REASONS, type Fault, type FaultReceipt, type ScaledWorkload } from '@backendai-e2e/api/fault';
import { FIELD_MANAGERS, FINALIZERS } from '@backendai-e2e/api/group';
import { FAULTS } from '@backendai-e2e/api/resources';
import { setFinalizer } from '@backendai-e2e/controller/finalizer';
import { isForbidden, isInvalid, isNotFound } from '@backendai-e2e/kube/api-error';
import { DEPLOYMENTS, PODS, type Pod, STATEFUL_SETS } from '@backendai-e2e/kube/builtin-resources';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { FaultRefused, type Refusal } from './accept.ts';
import { type ToolCall, toolContainer } from './tools.ts';

/** One change to the cluster that a fault makes. */
export type FaultAct =
  | { do: 'deletePod'; name: string; uid: string; force: boolean }
  | { do: 'scale'; scaled: ScaledWorkload }
  | { do: 'runTool'; pod: Pod; receipt: FaultReceipt; call: ToolCall };

/** How an act went. */
export type ActOutcome = { done: true } | { done: false; gone: true } | { done: false; refusal: Refusal };

/** What acts on the targets of faults. */
export interface FaultEffectsOptions {
  client: KubeClient;
  /** Image with the tools that act inside pods (images/fault-tools); undefined: such actions are refused. */
  image: string | undefined;
}

const DONE: ActOutcome = { done: true };
const FINALIZER = { resource: FAULTS, finalizer: FINALIZERS.fault, fieldManager: FIELD_MANAGERS.operator };

/** Makes the changes of faults to the cluster. Decides nothing. */
export class FaultEffects {
  readonly #client: KubeClient;
  readonly #image: string | undefined;

  constructor(options: FaultEffectsOptions) {
    this.#client = options.client;
    this.#image = options.image;
  }

  /** The image with the tools. Throws FaultRefused when the operator was given none. */
  requireImage(): string {
    if (this.#image) return this.#image;
    const message = 'the operator was started without --fault-image: set faultImage of its chart';
    throw new FaultRefused({ reason: FAULT_REASONS.noFaultImage, message });
  }

  /** Holds the fault back from deletion. Rejects with a conflict (isConflict) when the fault has changed. */
  holdFinalizer(fault: Fault, signal: AbortSignal): Promise<Fault> {
    return setFinalizer(this.#client, FINALIZER, fault, 'hold', signal);
  }

  /** Lets the fault be deleted; one that is gone is no error. */
  async dropFinalizer(fault: Fault, signal: AbortSignal): Promise<void> {
    try {
      await setFinalizer(this.#client, FINALIZER, fault, 'drop', signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Makes one change in the environment's namespace. Rejects with a conflict when the pod of a tool has changed. */
  async perform(fault: Fault, namespace: string, act: FaultAct, signal: AbortSignal): Promise<ActOutcome> {
    switch (act.do) {
      case 'deletePod':
        return this.#deletePod(namespace, act, signal);
      case 'scale':
        return this.#scale(namespace, act.scaled, signal);
      case 'runTool':
        return this.#runTool(fault, act, signal);
    }
  }

  /** Deletes the pod with that uid; one that is gone is no error. */
  async #deletePod(
    namespace: string,
    { name, uid, force }: FaultAct & { do: 'deletePod' },
    signal: AbortSignal,
  ): Promise<ActOutcome> {
    const grace = force ? { gracePeriodSeconds: 0 } : {};
    await this.#client.delete(PODS, { namespace, name }, { uid, signal, ...grace });
    return DONE;
  }

  /** Sets the replicas of a workload; one that is gone is no error. */
  async #scale(
    namespace: string,
    { workload: ref, replicas }: ScaledWorkload,
    signal: AbortSignal,
  ): Promise<ActOutcome> {
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
    return DONE;
  }

  /** Adds a tool to the pod as an ephemeral container, unless it is there. */
  async #runTool(
    fault: Fault,
    { pod, receipt, call }: FaultAct & { do: 'runTool' },
    signal: AbortSignal,
  ): Promise<ActOutcome> {
    try {
      const container = toolContainer(fault, receipt, call, this.requireImage());
      const present = pod.spec?.ephemeralContainers ?? [];
      if (present.some(({ name }) => name === container.name)) return DONE;
      const { namespace = '', name, resourceVersion } = pod.metadata;
      const patch = { metadata: { resourceVersion }, spec: { ephemeralContainers: [...present, container] } };
      await this.#client.mergePatch(PODS, { namespace, name }, patch, {
        subresource: 'ephemeralcontainers',
        fieldManager: FIELD_MANAGERS.operator,
        signal,
      });
      return DONE;
    } catch (error) {
      // Deleted in between: the next look sees that.
      if (isNotFound(error)) return { done: false, gone: true };
      if (error instanceof FaultRefused) return { done: false, refusal: error.refusal };
      if (!isInvalid(error) && !isForbidden(error)) throw error;
      return { done: false, refusal: { reason: FAULT_REASONS.unsupported, message: error.message } };
    }
  }
}
