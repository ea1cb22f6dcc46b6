import type { LeaseElectionOptions } from '@backendai-e2e/controller/lease-election';
import type { Log } from '@backendai-e2e/controller/log';
import type { Backoff } from '@backendai-e2e/kube/backoff';
import type { Clock } from '@backendai-e2e/kube/clock';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import type { ArtifactServerAccess } from './artifacts/server-client.ts';
import type { EnvironmentLimits } from './environments/allowed.ts';
import type { OperatorIdentity } from './environments/namespace.ts';
import type { FaultObserverOptions } from './faults/observe.ts';
import type { RunOptions } from './runs/setup.ts';

/** The options of an operator. */
export interface OperatorOptions {
  kubeConfig: ClusterAccess;
  /** The kubeconfig file for helm; undefined: helm finds the pod's service account. */
  kubeconfigPath: string | undefined;
  /** The operator's own namespace, with its Lease. */
  namespace: string;
  /**
   * Namespaces whose objects the operator reconciles, with rights in no other. It then deploys no environments. Undefined or
   * empty: its own namespace only; environments are deployed into namespaces that it creates.
   */
  watchNamespaces?: readonly string[] | undefined;
  chartsDir: string;
  helm: string;
  /** File of the suites' catalog; undefined: there is none. */
  catalog: string | undefined;
  /** Image with the tools of faults that act inside pods; undefined: such faults are refused. */
  faultImage?: string | undefined;
  /** The artifact server; undefined: artifacts are stored, truncated, in ConfigMaps. */
  artifactServer?: ArtifactServerAccess | undefined;
  /** Secret with the webhook, in the namespace of the runs; undefined: no notifications. */
  notificationSecret?: string | undefined;
  /** Pauses after failed deliveries; a test sets shorter ones. */
  notificationBackoff?: Backoff;
  /** Reads the holder of a lock from Valkey; a test replaces it. */
  holderOf?: FaultObserverOptions['holderOf'];
  /** What is added to the pods of suites: where they may run, labels, annotations. */
  suitePods?: RunOptions['pods'];
  /** Started runs that a user may have at once in a namespace; undefined: any number. */
  runsPerUser?: number | undefined;
  /** What environments may use of the nodes; undefined: anything. */
  environmentLimits?: EnvironmentLimits | undefined;
  /** The operator's identity inside environments; undefined: it needs no binding there. */
  identity: OperatorIdentity | undefined;
  /** Identity of this process among its replicas; undefined: no election, it leads at once. */
  electionIdentity: string | undefined;
  /** Times of the election; a test sets others. */
  leaseTimes?: Pick<LeaseElectionOptions, 'leaseDurationMs' | 'renewDeadlineMs'>;
  /** Port of probes and metrics; 0 takes a free port. */
  port: number;
  log: Log;
  /** Default: the system's. */
  clock?: Clock;
}
