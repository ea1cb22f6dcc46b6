/**
 * Byte budgets. etcd refuses a request over 1.5 MiB (its --max-request-bytes), so statuses are kept far below:
 * the numbers are those of the design.
 */
export const LIMITS = {
  /** TestReport.status as JSON, bytes. */
  reportBytes: 256 * 1024,
  /** TestRun.status as JSON, bytes. */
  runBytes: 32 * 1024,
  /** One error message in a report before budget cutting starts, bytes. */
  errorBytes: 8 * 1024,
  /** The reporter writes at most this often, milliseconds, and once at the end. */
  reportIntervalMs: 2_000,
  /** Suites in a run, and names in a selection. */
  suitesPerRun: 200,
  /** Environments of a run. */
  environmentsPerRun: 10,
  /** Suites at a time in one environment. */
  parallelism: 50,
  /** Rounds of suites that try one thing several times. */
  rounds: 100,
  /** Further attempts of a suite. */
  retries: 10,
  /** Measurements in a report. */
  measurements: 200,
  /** Artifacts of a report. */
  artifacts: 20,
  /** Verdicts that a TestSuite remembers. */
  lastVerdicts: 20,
} as const;

/** What is kept of an attempt's traces, bytes before packing. */
export interface ArchiveBudget {
  /** Of the log of the attempt's pod, from its end. */
  log: number;
  /** Of its events, from their end. */
  events: number;
  /** Of the logs of all components of a failed attempt, shared out among their containers. */
  components: number;
  /** Of the log of one container of a component, from its end. */
  container: number;
}

/**
 * In a ConfigMap: what cannot be packed at all makes 640 KiB in Base64, of the 1 MiB that the API server takes. With the artifact server:
 * what the operator can hold in memory beside its other work, for the few attempts that are archived at a time.
 */
export const ARCHIVE_BUDGETS = {
  configMap: { log: 256 * 1024, events: 32 * 1024, components: 192 * 1024, container: 32 * 1024 },
  server: { log: 4 * 1024 * 1024, events: 256 * 1024, components: 4 * 1024 * 1024, container: 512 * 1024 },
} as const satisfies Record<string, ArchiveBudget>;
