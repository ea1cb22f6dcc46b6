import type { Counts, TestState, Verdict } from '@backendai-e2e/api/verdict';
import type { FaultMoments } from '@backendai-e2e/results/causes/fault-moments';
import type { Alarm, Cause, TimedChange, Window } from '@backendai-e2e/results/causes/scene';
import type { PastData } from './past-data.ts';
import type { Proof } from './proof-data.ts';

/** Everything that the page of a run shows: plain data, made by program, drawn by the browser. Times are ms since 1970. */
export interface PageData {
  name: string;
  environments: readonly string[];
  /** Every Backend.AI that was tested. */
  backendAi: readonly string[];
  verdict?: Verdict;
  /** What the condition Succeeded says. */
  succeeded?: { status: string; reason: string; message: string };
  /** How the command ended, where the page is of a whole job. */
  exit?: string;
  counts?: Counts;
  startedAt?: number;
  finishedAt?: number;
  /** What was tested, and what tested it. */
  tested: readonly TestedPart[];
  suites: readonly PageSuite[];
  failures: readonly PageFailure[];
  faults: readonly PageFault[];
  changes: readonly TimedChange[];
  /** Components whose pods changed while suites ran. */
  pods: readonly PodLane[];
  /** What the command did to the run. */
  deeds: readonly { at: number; text: string }[];
  phases: readonly { name: string; seconds: number }[];
  gantt: Gantt;
  /** The last run that succeeded, where its lines are known. */
  green?: string;
  /** Since the last run that can be compared, where there is one. */
  since?: Since;
  /** The runs before, where there are any. */
  past?: PastData;
  logs: readonly PageLog[];
  /** What speaks for the results. */
  proof?: Proof;
  /** Where the page follows a run in a cluster. */
  live?: Live;
  /** What is not on the page, a sentence each. */
  /** What is known of the clocks of the nodes, a sentence each. */
  clocks: readonly string[];
  missing: readonly string[];
}

/** A part of what was tested: an image or a chart, with its version. */
export interface TestedPart {
  what: string;
  /** Where it was tested; absent for what all environments share. */
  environment?: string;
  version: string;
  digest: string;
}

/** A line of the run, with the tests of its last attempt. */
export interface PageSuite {
  /** Identifier on the page. */
  anchor: string;
  name: string;
  environment: string;
  state: string;
  verdict?: Verdict;
  reason?: string;
  message?: string;
  seconds?: number;
  failed: boolean;
  attempt: number;
  description?: string;
  claims: readonly string[];
  tests: readonly PageTest[];
  /** How many more tests passed, where the page has no room to show them before its script runs. */
  leftOut?: number;
  hooks: readonly Timed[];
  /** What its tests waited for longest, the longest first. */
  waits?: readonly PageWait[];
  measurements: readonly Measured[];
}

/** What a test or hook waited for, in all its waits. */
export interface PageWait {
  title: string;
  what: string;
  seconds: number;
  times: number;
}

/** What a suite measured. */
export interface Measured {
  name: string;
  value: number;
  unit: string;
  /** When; absent where an older record does not say it. */
  at?: number;
}

/** Something with a title that took time. */
export interface Timed {
  title: string;
  startedAt?: number;
  seconds: number;
}

/** A test of a suite, on the time line. */
export interface PageTest extends Timed {
  state: TestState;
  /** Anchor of its failure, if it has one. */
  failure?: string;
  /** Why it was left out, if the runner says so. */
  leftOut?: string;
}

/** A test that keeps its suite from passing, or a suite that failed without one. */
export interface PageFailure {
  anchor: string;
  suite: string;
  suiteAnchor: string;
  environment: string;
  title: string;
  file: string;
  state: string;
  seconds: number;
  error: string;
  window?: Window;
  /** Alarming lines of components in the window. */
  alarms: readonly Alarm[];
  /** How many more there are. */
  moreAlarms: number;
  causes: readonly Cause[];
  /** Other failures with the same first line, by anchor. */
  same: readonly string[];
  /** The first run in which it failed, where the history knows. */
  firstBad?: FirstBad;
}

/** The first of the bad results in a row. Runs are places in {@link PastData.runs}. */
export interface FirstBad {
  run: number;
  /** Bad results in a row, that of this run among them. */
  bad: number;
  /** The last good run before; absent where the history has none. */
  good?: number;
}

/** A fault with the moments of its life, its phase and what its probes saw. */
export interface PageFault extends FaultMoments {
  phase: string;
  receipts: readonly string[];
}

/** The pods of a component over time. */
export interface PodLane {
  environment: string;
  component: string;
  pods: readonly PagePod[];
}

/** A pod as a bar of its component's lane. */
export interface PagePod extends Window {
  name: string;
  /** Row within the lane, from 0. */
  row: number;
  restarts?: number;
  /** Whether it was stopped before the end of the run. */
  gone?: true;
  spans: readonly PodSpan[];
}

/** Running: its containers ran, and its readiness is not known. Unready: its probe failed. */
export interface PodSpan extends Window {
  is: 'pending' | 'running' | 'ready' | 'unready';
}

/** The attempts of a run as bars in lanes, and what decided its length. */
export interface Gantt extends Window {
  lanes: readonly Lane[];
  /** Anchors of the suites whose end decides the end of the run, first to last. */
  critical: readonly string[];
  /** Seconds by which the run would end earlier without each of them, in the same order. */
  gains: readonly number[];
}

/** A slot of an environment: attempts that ran one after another. */
export interface Lane {
  environment: string;
  slot: number;
  /** Whether its suites mostly wait, and take no slot. */
  waits?: true;
  bars: readonly Bar[];
  gaps: readonly Gap[];
  /** Seconds in which nothing ran here before the end of the run. */
  idleSeconds: number;
}

/** A time in which nothing ran in a lane. Claims: a suite waited for another one. End: no suite was left. */
export interface Gap extends Window {
  kind: 'claims' | 'start' | 'end';
  why: string;
}

/** An attempt as a bar of its environment's lane. */
export interface Bar extends Window {
  suite: string;
  anchor: string;
  attempt: number;
  verdict?: Verdict;
  claims: readonly string[];
}

/** What changed since an earlier run, test by test. */
export interface Since {
  run: string;
  /** When that run began. */
  at: number;
  broke: readonly string[];
  fixed: readonly string[];
  stillBad: readonly string[];
  slower: readonly string[];
  /** Tests that fail as listed. */
  known: readonly string[];
  /** Tests of the flaky board. */
  flaky: readonly string[];
  added: number;
  gone: number;
  /** What was tested, and what tested it, where its version or digest differs. */
  parts: readonly { name: string; from: string; to: string }[];
  /** Components among them. */
  components: readonly string[];
}

/** The log of a container. Its text is in a block of its own. */
export interface PageLog {
  /** Identifier of the block. */
  id: string;
  source: string;
  /** Absent where the log is read from the cluster on demand. */
  lines?: number;
  /** Bytes that were left out at its start. */
  omittedBytes: number;
  /** SHA-256 of the text in its block, in hexadecimal; absent where the log is read on demand. */
  sha256?: string;
}

/** What only the page of a running cluster has. */
export interface Live {
  /** What a reader may do next, as commands: the page itself changes nothing. */
  commands: readonly { what: string; command: string }[];
}
