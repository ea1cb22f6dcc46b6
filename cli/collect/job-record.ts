import type { RestApi } from '@backendai-e2e/kube/rest-client';
import type { RunCost } from '@backendai-e2e/results/run-file';
import type { ObservedTest } from '@backendai-e2e/results/test-record';
import type { Provision } from '../machine/provision.ts';
import type { RunNames, Snapshot } from '../runs/follow.ts';
import type { NotReady } from '../runs/readiness-watch.ts';
import type { PhaseProgress } from '../terminal/renderer.ts';
import type { ClusterLogs } from './cluster-logs.ts';

/** Something that the command did to the run, or saw of it, beside what the API server holds: for run.json. */
export interface JobEvent {
  /** RFC 3339. */
  at: string;
  reason:
    | 'OperatorKilled'
    | 'OperatorBack'
    | 'OperatorNotKilled'
    | 'OperatorNotBack'
    | 'UpgradeStarted'
    | 'UpgradeNotStarted';
  message: string;
}

/** The log of a pod, read before the command deleted the pod. */
export interface LastLog {
  pod: string;
  /** Lines with the kubelet's timestamps. */
  text: string;
}

/** What the collector read while the cluster still stood. */
export interface Collected extends ClusterLogs {
  /** Tests that the pod of each attempt printed, by the name of its TestReport. */
  printed: ReadonlyMap<string, readonly ObservedTest[]>;
}

/** What a pipeline hands to the report: its phases fill it in, the report reads it at the end. */
export interface JobRecord {
  client?: RestApi;
  /** The run and its environments; undefined before the run was created. */
  names?: RunNames;
  /** What the API server last held about the run. */
  seen: Snapshot;
  events?: readonly JobEvent[];
  lastLogs?: readonly LastLog[];
  /** Returns the output of kubectl with these arguments; undefined where there is no kubectl. */
  kubectl?: (args: string[], p: Provision) => Promise<string>;
  /** Highest memory of the kind node in bytes. */
  peakMemoryBytes?: number;
  /** What the run cost the node; undefined before its end, and where it cannot be read. */
  cost?: RunCost;
  /** When environments of the run were not Ready; undefined before its end. */
  notReady?: readonly NotReady[];
  /** Undefined before the collector ran. */
  collected?: Collected;
}

/** The figures of a job, as phases.json holds them. */
export interface JobFigures {
  phases: readonly { name: string; seconds: number }[];
  /** Seconds from the start of the command to the start of the first test; absent if none started. */
  firstTestSeconds?: number;
  totalSeconds: number;
  /** Highest memory of the node in bytes, without page cache; absent if it could not be read. */
  peakMemoryBytes?: number;
}

/** Collects results and logs while the cluster still stands. Returns one sentence for each trouble. */
export type Collector = (record: JobRecord, progress: PhaseProgress, p: Provision) => Promise<string[]>;
