import type { ClusterChange } from '../cluster-record.ts';

/** What is known about the time of a failure. Times are ms since 1970. */
export interface Scene {
  /** The text of the error. */
  error: string;
  /** Title of the test, and name of its suite. */
  title?: string;
  /** Components that its suite needs and few others do. */
  needs?: readonly string[];
  window: Window;
  /** TestReport of the attempt that failed. */
  attempt?: string;
  /** Names of the components that were deployed. */
  components: readonly string[];
  changes: readonly TimedChange[];
  /** Times in which a component had no ready pod. */
  outages: readonly Outage[];
  /** Faults in force in the window, of the attempt's environment. */
  faults: readonly SceneFault[];
  alarms: readonly (Alarm & AlarmLine)[];
  /** Components whose digest differs from the run before. */
  newDigests: readonly string[];
  /** The last run that succeeded, where `rare` means: in none of them. Without it, `rare` means: not outside of failures. */
  green?: string;
}

/** A stretch of time, both ends in milliseconds since 1970. */
export interface Window {
  from: number;
  to: number;
}

/** Something that changed in the cluster at one moment. */
export interface TimedChange extends Omit<ClusterChange, 'at'> {
  at: number;
}

/** A time in which a component had no ready pod. */
export interface Outage {
  component: string;
  namespace: string;
  from: number;
  /** Absent: until the run was collected. */
  to?: number;
}

/** A fault, as far as it may explain a failure. */
export interface SceneFault {
  name: string;
  action: string;
  component: string;
  /** TestReport of the attempt that asked for it. */
  attempt: string;
  asked: number;
  injected?: number;
}

/** An alarming line of a component. */
export interface AlarmLine {
  at: number;
  source: string;
  component: string;
  namespace: string;
  text: string;
}

/** An alarming line that a failure shows. */
export interface Alarm {
  at: number;
  source: string;
  text: string;
  /** Whether the same line, numbers aside, is in no run that succeeded, or else not outside of failures. */
  rare: boolean;
}

/** A component that may have caused a failure, with what speaks for it. */
export interface Cause {
  component: string;
  /** The sum of the weights of its evidence. */
  weight: number;
  evidence: readonly string[];
}
