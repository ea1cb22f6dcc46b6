import type { TestState, Verdict } from '@backendai-e2e/api/verdict';
import type { KnownIssueLine } from '../known-issue-line.ts';
import type { RunCost } from '../run-file.ts';

/** Version of the record that this program writes. A change of the form gets the next one, and an upgrade to it. */
export const HISTORY_VERSION = 1;

/**
 * What stays of a run when its cluster is gone: one line of JSON. It has what later runs compare with, and nothing that
 * only one run needs. Times are RFC 3339.
 */
export interface HistoryRecord {
  version: typeof HISTORY_VERSION;
  /** uid of the TestRun: it identifies the run in every folder. */
  uid: string;
  name: string;
  startedAt: string;
  finishedAt?: string;
  verdict?: Verdict;
  /** The regular expression that chose the tests. */
  grep?: string;
  environments: readonly string[];
  /** Every Backend.AI that was tested, for example "26.9.6 (1a2b3c4d5e6f, modified)". */
  backendAi: readonly string[];
  /** The components that were tested. */
  tested: readonly HistoryPart[];
  /** What tested them: command, operator, suites. */
  testing: readonly HistoryPart[];
  /** Median of the suites' machine-pace: how busy the machine was (1 means idle). */
  pace?: number;
  /** What the run cost the machine, where the command could see it. */
  cost?: RunCost;
  suites: readonly HistorySuite[];
}

/** A component, with what distinguishes it from an earlier one. */
export interface HistoryPart {
  name: string;
  version?: string;
  /** Digest of its image, or the commit. */
  digest?: string;
}

/** A line of a run. */
export interface HistorySuite {
  name: string;
  environment: string;
  verdict?: Verdict;
  reason?: string;
  seconds?: number;
  attempts: number;
  tests: readonly HistoryTest[];
  measurements: readonly HistoryMeasurement[];
}

/** A test of the deciding attempt. */
export interface HistoryTest {
  file: string;
  title: string;
  state: TestState;
  seconds: number;
  /** First line of its error. */
  error?: string;
  /** Whether an earlier attempt of the same run failed. */
  recovered?: true;
  /** What its known issue is, if it failed as listed. */
  issue?: KnownIssueLine;
}

/** Values of one name, in the order in which they were measured. */
export interface HistoryMeasurement {
  name: string;
  unit: string;
  values: readonly number[];
  /** The bound that Backend.AI's configuration implies, where the suite gave one, and the value that comes closest to its own. */
  bound?: MeasuredBound;
}

/** A value and its bound. */
export interface MeasuredBound {
  value: number;
  limit: number;
}

/** Lengths to which texts are cut: a record holds the texts of strangers. Characters. */
export const HISTORY_LENGTHS = {
  /** As LENGTHS.title: a test is found again by its whole title. */
  title: 1024,
  error: 300,
  name: 256,
} as const;

/** What a uid is made of. It becomes a part of a file name. */
export const UID = /^[0-9A-Za-z-]{1,64}$/;
