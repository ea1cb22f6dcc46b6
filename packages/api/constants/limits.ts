/**
 * Limits that keep objects small. etcd refuses requests over 1.5 MiB (its flag --max-request-bytes). Statuses stay far below it.
 */
export const LIMITS = {
  /** Bytes of TestReport.status as JSON. */
  reportBytes: 256 * 1024,
  /**
   * Reports in a page of a list, which is in memory as a whole. The reporter keeps to its budget. A hostile suite does not, and its
   * report may have the 1.5 MiB of etcd.
   */
  reportsPerPage: 20,
  /** Bytes of TestRun.status as JSON. */
  runBytes: 32 * 1024,
  /** Bytes of one error in a report, before the report is cut to its budget. */
  errorBytes: 8 * 1024,
  /** Milliseconds between two writes of the reporter. It also writes at the end. */
  reportIntervalMs: 2_000,
  /** Suites of a run, and names in its selection. */
  suitesPerRun: 200,
  /** Environments of a run. */
  environmentsPerRun: 10,
  /** Suites that run at once in one environment. */
  parallelism: 50,
  /** Rounds of suites that repeat an attempt. */
  rounds: 100,
  /** Retries of a suite. */
  retries: 10,
  /** Measurements in a report. */
  measurements: 200,
  /** Hooks that succeeded, in a report. */
  hooks: 100,
  /** Long waits in a report. */
  waits: 50,
  /** Changes of the deployment that an attempt has made and not undone. */
  changes: 32,
  /** Artifacts of a report. */
  artifacts: 20,
  /** Verdicts in the history of a TestSuite. */
  lastVerdicts: 20,
} as const;

/** Bytes to archive of an attempt, before compression. */
export interface ArchiveBudget {
  /** End of the log of its pod. */
  log: number;
  /** Newest of its events. */
  events: number;
  /** Logs of all components if the attempt failed, divided among their containers. */
  components: number;
  /** End of the log of one container of a component. */
  container: number;
}

/**
 * For a ConfigMap: data that does not compress becomes 640 KiB of Base64, and the API server accepts 1 MiB. For the artifact
 * server: data that fits the operator's memory, for the few attempts that it archives at once.
 */
export const ARCHIVE_BUDGETS = {
  configMap: { log: 256 * 1024, events: 32 * 1024, components: 192 * 1024, container: 32 * 1024 },
  server: {
    log: 4 * 1024 * 1024,
    events: 256 * 1024,
    components: 4 * 1024 * 1024,
    container: 512 * 1024,
  },
} as const satisfies Record<string, ArchiveBudget>;

/** What the artifact server keeps of the history of a namespace: bytes of records, and days since a run. */
export const HISTORY_LIMITS = { bytes: 64 * 1024 * 1024, days: 400 } as const;
