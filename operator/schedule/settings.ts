import type { TestRunSpec } from '@backendai-e2e/api/test-run';

/** What the chart's CronJob gives to a tick. */
export interface TickSettings {
  /** Name of the Job of this tick: "<schedule>-<minutes since 1970>", so one for each scheduled time. Also the TestRun's. */
  name: string;
  /** uid of that Job, which owns the TestRun. */
  uid: string;
  namespace: string;
  /** Template of the run. The API server checks it. */
  spec: TestRunSpec;
  labels: Record<string, string>;
}

/** Environment variables of a tick's container. */
const TICK_ENV = {
  name: 'E2E_TICK_NAME',
  uid: 'E2E_TICK_UID',
  namespace: 'E2E_NAMESPACE',
  /** TestRun.spec as JSON. */
  spec: 'E2E_TICK_SPEC',
  /** Labels of the TestRun as JSON. */
  labels: 'E2E_TICK_LABELS',
} as const;

/** Reads the settings. Throws an Error that names the variable and what is wrong with it. */
export function tickSettings(env: Record<string, string | undefined>): TickSettings {
  const text = (variable: string): string => {
    const value = env[variable];
    if (!value) throw new Error(`${variable} is not set: this program is started by the chart's CronJob`);
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
    name: text(TICK_ENV.name),
    uid: text(TICK_ENV.uid),
    namespace: text(TICK_ENV.namespace),
    spec: json(TICK_ENV.spec) as TestRunSpec,
    labels: env[TICK_ENV.labels] ? (json(TICK_ENV.labels) as Record<string, string>) : {},
  };
}
