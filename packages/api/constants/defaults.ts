/**
 * Defaults of fields in specs. The API server sets them by the schemas. Programs use them for objects that were created before
 * the CRD had the field.
 */
export const RUN_DEFAULTS = { timeoutSeconds: 7200, environmentTimeoutSeconds: 120, parallelism: 1 } as const;

export const SUITE_DEFAULTS = { timeoutSeconds: 600, retries: 0 } as const;

export const ENVIRONMENT_DEFAULTS = { readyTimeoutSeconds: 900 } as const;

export const FAULT_DEFAULTS = { durationSeconds: 60, seed: 0 } as const;

/**
 * Defaults for scheduled runs. A run that has not started after an hour has too little of the night left. The chart template
 * schedule.yaml contains the same figures, and a spec compares them.
 */
export const SCHEDULE_DEFAULTS = { startDeadlineSeconds: 3600 } as const;
