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
  /** What is kept of the log of an attempt's pod, bytes from its end, before packing. */
  archivedLogBytes: 256 * 1024,
  /** What is kept of an attempt's events, bytes. */
  archivedEventsBytes: 32 * 1024,
  /** The reporter writes at most this often, milliseconds, and once at the end. */
  reportIntervalMs: 2_000,
  /** Suites in a run, and names in a selection. */
  suitesPerRun: 200,
  /** Longest suite, run or environment name: leaves room for suffixes in a 63-character label or DNS label. */
  nameLength: 48,
} as const;
