import { FAULTS, TEST_REPORTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import { ConfigMapStore, ServerStore } from './artifact-store.ts';
import { ArtifactCollector } from './collector.ts';
import { RunHistory } from './run-history.ts';
import { ArtifactClient, type ArtifactServerAccess } from './server-client.ts';
import { ArtifactSweep } from './sweep.ts';

/** Runs are deleted in bursts: one sweep serves all within this time. */
const BURST_MS = 200;

/** The operator's settings about artifacts. */
export interface ArtifactOptions {
  /** The artifact server; undefined: artifacts are kept, cut short, in ConfigMaps. */
  server: ArtifactServerAccess | undefined;
}

/**
 * Removes artifacts of deleted reports from the artifact server, and keeps the history of runs there. Returns the collector,
 * for reports.
 */
export function setup(scope: NamespaceScope, { server }: ArtifactOptions): { collector: ArtifactCollector } {
  const { namespace, client, clock, log, events } = scope;
  const common = { client, clock, log, events, faults: scope.informer(FAULTS) };
  if (!server) {
    const store = new ConfigMapStore(client);
    return { collector: new ArtifactCollector({ ...common, store }) };
  }
  const artifacts = new ArtifactClient(server);
  const sweep = new ArtifactSweep({
    client,
    artifacts,
    reports: scope.informer(TEST_REPORTS),
    runs: scope.informer(TEST_RUNS),
    ...{ clock, log },
  });
  const history = new RunHistory({ client, artifacts, runs: scope.informer(TEST_RUNS), log });
  const everything = { namespace, name: 'artifacts' };
  scope
    .controller('artifacts')
    .watches(TEST_RUNS, ({ type }) => (type === 'deleted' ? [everything] : []), BURST_MS)
    .complete(sweep.reconcile)
    .enqueue(everything);
  scope.controller('history').for(TEST_RUNS).complete(history.reconcile);
  const store = new ServerStore(artifacts, server.service);
  return { collector: new ArtifactCollector({ ...common, store }) };
}
