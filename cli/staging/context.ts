import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { JobRecord } from '../collect/job-record.ts';
import type { RunChoice } from '../runs/run-spec.ts';
import type { Sources } from './connection.ts';
import type { StagingEffects } from './effects.ts';
import type { StagingNamespaces } from './names.ts';

/** Options of a staging run. */
export interface StagingOptions extends RunChoice {
  namespaces: StagingNamespaces;
  sources: Sources;
  /** Every suite of the catalog: the cluster must have them before a run is created. */
  catalog: readonly string[];
  /** Secret in the test namespace with which images are pulled. */
  pullSecret?: string;
  /** Image with Backend.AI's own programs, for the suites that work in it. */
  runtimeImage?: string;
  /** Run suites that fill, drain or reconfigure what other users of the deployment need. */
  allowInvasive: boolean;
  /** Keep operator and run at the end. */
  keep: boolean;
  /** Check everything, create nothing. */
  dryRun: boolean;
  /** Seconds without an answer of the API server after which the command leaves the run to itself. */
  patienceSeconds: number;
  cacheDir: string;
  /** The command that attaches to a run of these namespaces, for messages. */
  attachCommand: string;
}

/** The state that the phases share and that the report reads at the end. */
export interface StagingState extends JobRecord {
  options: StagingOptions;
  effects: StagingEffects;
  /** Set by the first phase of both commands, before any use. */
  client: RestApi;
  /** Something was made in the cluster, now or by an earlier command. */
  mayHaveMade: boolean;
}
