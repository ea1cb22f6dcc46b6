import type { Fault } from '@backendai-e2e/api/fault';
import type { TestEnvironmentStatus } from '@backendai-e2e/api/test-environment';
import type { ClusterRecord } from './cluster-record.ts';
import type { RunObjects } from './run-record.ts';

/** Something that the command did to the run, or saw of it. */
export interface RunFileEvent {
  /** RFC 3339. */
  at: string;
  reason: string;
  message: string;
}

/** An environment at the end of the run. Its spec stays out: values of a chart may hold secrets. */
export interface TestedEnvironment {
  name: string;
  status?: TestEnvironmentStatus;
}

/** What was tested, and with what. */
export interface Tested {
  environments: readonly TestedEnvironment[];
  /** Images of the operator and of the suites, with the digests that ran. */
  images: readonly { component: string; image: string; imageId: string }[];
  /** The command that collected the run. */
  command: { version: string; commit?: string };
}

/** What a run cost the machine of its cluster, from the creation of the run to its end. */
export interface RunCost {
  /** Of all processes of the cluster's node. */
  cpuSeconds: number;
  /** Cores of the node. */
  cores: number;
}

/** The content of run.json. What version 0.2 of the project did not write yet is optional. */
export interface RunFile extends RunObjects {
  events?: readonly RunFileEvent[];
  /** Faults of the run with their receipts. */
  faults?: readonly Fault[];
  cluster?: ClusterRecord;
  tested?: Tested;
  cost?: RunCost;
}

/** A run.json with everything that an older one lacks, empty. */
export type WholeRunFile = RunFile & Required<Pick<RunFile, 'events' | 'faults' | 'cluster'>>;

/**
 * Reads the text of a run.json, of any version.
 * @param file names it in errors
 * @throws Error if it is no run.json
 */
export function readRunFile(text: string, file: string): WholeRunFile {
  const no = (why: string, cause?: unknown) =>
    new Error(`${file} is not the run.json of a run: ${why}. Name a folder that a run wrote.`, { cause });
  let content: Partial<RunFile> | null;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw no(error instanceof Error ? error.message : String(error), error);
  }
  if (typeof content?.run?.metadata?.name !== 'string' || !Array.isArray(content.reports)) {
    throw no('it has no run or no reports');
  }
  const { run, reports, events = [], faults = [], cluster, tested, cost } = content;
  const empty = { events: [], pods: [], leases: [], missing: [] };
  return {
    ...{ run, reports, events, faults, cluster: { ...empty, ...cluster } },
    ...(tested ? { tested } : {}),
    ...(isCost(cost) ? { cost } : {}),
  };
}

function isCost(cost: Partial<RunCost> | undefined): cost is RunCost {
  return [cost?.cpuSeconds, cost?.cores].every(
    (each) => typeof each === 'number' && Number.isFinite(each) && each > 0,
  );
}
