import type { Log } from '@backendai-e2e/controller/log';
import type { Backoff } from '@backendai-e2e/kube/backoff';
import type { Clock } from '@backendai-e2e/kube/clock';
import type { ClusterAccess } from '@backendai-e2e/kube/cluster-access';
import type { ArtifactServerAccess } from './artifacts/server-client.ts';
import type { OperatorIdentity } from './environments/namespace.ts';
import type { FaultObserverOptions } from './faults/observe.ts';

/** What an operator is started with. */
export interface OperatorOptions {
  kubeConfig: ClusterAccess;
  /** The kubeconfig file for helm; undefined: helm finds the pod's service account. */
  kubeconfigPath: string | undefined;
  /** Its own namespace: where its Lease is. */
  namespace: string;
  /**
   * Namespaces whose objects it looks after, with rights in no other: it deploys no environments then. Undefined or empty:
   * its own namespace alone, and environments are deployed into namespaces that it makes.
   */
  watchNamespaces?: readonly string[] | undefined;
  chartsDir: string;
  helm: string;
  /** File of the suites' catalog; undefined: there is none. */
  catalog: string | undefined;
  /** Image with the tools of faults that act inside of pods; undefined: such faults are refused. */
  faultImage?: string | undefined;
  /** The artifact server; undefined: what attempts leave behind is kept, cut short, in ConfigMaps. */
  artifactServer?: ArtifactServerAccess | undefined;
  /** Secret with the webhook that is told of changes, in the namespace of the runs; undefined: nobody is told. */
  notificationSecret?: string | undefined;
  /** Pauses between deliveries to it that fail; a test gives shorter ones. */
  notificationBackoff?: Backoff;
  /** Asks Valkey for a lock's holder; a test gives its own. */
  holderOf?: FaultObserverOptions['holderOf'];
  /** Who it is inside of environments; undefined: it needs no binding there. */
  identity: OperatorIdentity | undefined;
  /** This process among its replicas; undefined: no election, it leads at once. */
  electionIdentity: string | undefined;
  /** For probes and metrics; 0 takes a free port. */
  port: number;
  log: Log;
  /** Default: the system's. */
  clock?: Clock;
}
