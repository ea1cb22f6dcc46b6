/**
 * What holds where a spec leaves a field out. The schemas give them to the API server; programs use them for objects that a
 * CRD of an earlier version let through without them.
 */
export const RUN_DEFAULTS = { timeoutSeconds: 7200, environmentTimeoutSeconds: 120, parallelism: 1 } as const;

export const SUITE_DEFAULTS = { timeoutSeconds: 600, retries: 0 } as const;

export const ENVIRONMENT_DEFAULTS = { readyTimeoutSeconds: 900 } as const;

export const FAULT_DEFAULTS = { durationSeconds: 60, seed: 0 } as const;

/**
 * Of the chart's schedule, for runs without the field. After an hour without a start, too little of the night is left for a
 * run. The chart's template schedule.yaml counts with the same figures.
 */
export const SCHEDULE_DEFAULTS = { startDeadlineSeconds: 3600 } as const;
