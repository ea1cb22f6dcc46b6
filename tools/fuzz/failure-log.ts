import { createLog } from '@backendai-e2e/controller/log';

/** Most failures in a row of each reconcile, by controller and object, and the last error. */
export type Failures = Map<string, { failures: number; why: string }>;

/** The reconciles that failed most often in a row, with their last errors. */
export function worstOf(failures: Failures): string[] {
  const worst = [...failures].sort(([, one], [, other]) => other.failures - one.failures).slice(0, 5);
  return worst.map(([key, each]) => `${key}: ${each.failures} times, ${each.why}`);
}

/** A log that keeps the most failures in a row of each reconcile. */
export function failureLog(failures: Failures) {
  const to = {
    write(line: string) {
      const entry: { key?: string; failures?: number; controller?: string; err?: { message?: string } } =
        JSON.parse(line);
      if (entry.key === undefined || entry.failures === undefined) return;
      const key = `${entry.controller ?? 'a controller'} ${entry.key}`;
      const before = failures.get(key)?.failures ?? 0;
      if (entry.failures > before)
        failures.set(key, { failures: entry.failures, why: entry.err?.message ?? '' });
    },
  };
  return createLog({ name: 'fuzz', level: 'error', to });
}
