import type { TestRunSpec } from '@backendai-e2e/api/test-run';

/** The settings that the chart's CronJob passes to a scheduled run. */
export interface ScheduledRunSettings {
  /** Name of the Job and of the TestRun: "<schedule>-<minutes since 1970>", one for each scheduled time. */
  name: string;
  /** uid of that Job, which owns the TestRun. */
  uid: string;
  namespace: string;
  /** Template of the run. The API server checks it. */
  spec: TestRunSpec;
  labels: Record<string, string>;
}

/** Environment variables of the container. */
const SCHEDULED_RUN_ENV = {
  name: 'E2E_SCHEDULED_RUN_NAME',
  uid: 'E2E_SCHEDULED_RUN_UID',
  namespace: 'E2E_NAMESPACE',
  /** TestRun.spec as JSON. */
  spec: 'E2E_SCHEDULED_RUN_SPEC',
  /** Labels of the TestRun as JSON. */
  labels: 'E2E_SCHEDULED_RUN_LABELS',
} as const;

/** Reads the settings. Throws an Error that names the variable and what is wrong with it. */
export function scheduledRunSettings(env: Record<string, string | undefined>): ScheduledRunSettings {
  const text = (variable: string): string => {
    const value = env[variable];
    if (!value) throw new Error(`${variable} is not set: the CronJob of charts/e2e-operator sets it`);
    return value;
  };
  const json = (variable: string): object => {
    let value: unknown;
    try {
      value = JSON.parse(text(variable));
    } catch (cause) {
      throw new Error(`${variable} holds no JSON: ${String(cause)}`, { cause });
    }
    if (typeof value !== 'object' || value === null) throw new Error(`${variable} holds no JSON object`);
    return value;
  };
  return {
    name: text(SCHEDULED_RUN_ENV.name),
    uid: text(SCHEDULED_RUN_ENV.uid),
    namespace: text(SCHEDULED_RUN_ENV.namespace),
    spec: json(SCHEDULED_RUN_ENV.spec) as TestRunSpec,
    labels: env[SCHEDULED_RUN_ENV.labels] ? (json(SCHEDULED_RUN_ENV.labels) as Record<string, string>) : {},
  };
}
