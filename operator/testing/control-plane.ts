import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeClient, KubeClientOptions } from '../runtime/kube-client.ts';

export interface ControlPlaneOptions {
  /** Also start kube-controller-manager: Jobs make pods, owned objects are collected, namespaces get deleted. Default false. */
  controllerManager?: boolean;
  /** Further users with a token each, besides the administrator. They have no rights but those of their groups. */
  users?: readonly { name: string; groups?: readonly string[] }[];
  /** Milliseconds until /readyz must answer. Default 60 000. */
  readyTimeoutMs?: number;
}

/** A real API server with its own etcd on loopback ports. No kubelet: pods stay Pending, their status is set by the test. */
export interface ControlPlane {
  /** https://127.0.0.1:<port> */
  readonly url: string;
  /** Path of the kubeconfig file of the administrator (group system:masters). */
  readonly kubeconfigPath: string;
  /** The administrator's KubeConfig. */
  kubeConfig(): KubeConfig;
  /** A client of the administrator; closed by stop(). */
  client(options?: KubeClientOptions): KubeClient;
  /**
   * The KubeConfig of a service account, with a token from the API server; makes the account when it is not there.
   * It has no rights until a RoleBinding gives it some.
   */
  serviceAccount(
    namespace: string,
    name: string,
  ): Promise<{ kubeConfig: KubeConfig; kubeconfigPath: string }>;
  /** The KubeConfig of one of ControlPlaneOptions.users. Throws for a name that was not among them. */
  user(name: string): { kubeConfig: KubeConfig; kubeconfigPath: string };
  /** kubectl-like: creates all objects of a YAML text or makes them so, and waits until CRDs among them are established. */
  applyYaml(text: string): Promise<void>;
  /** Creates a namespace (and waits for its default service account when there is a controller manager). */
  createNamespace(name: string): Promise<void>;
  /** Ends the API server alone; etcd keeps the data. `how` kill is SIGKILL. */
  stopApiServer(how?: 'term' | 'kill'): Promise<void>;
  /** Starts it again on the same port, and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Ends everything and removes the files. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts a control plane. Rejects with what was missing, or with the last lines of the log of what did not come up. */
export function startControlPlane(_options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  throw new Error('not written yet');
}
