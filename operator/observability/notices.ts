import type { Condition } from '@backendai-e2e/api/conditions';
import { type RunSuite, suiteOf } from '@backendai-e2e/api/test-run';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import type { LoggedNotice } from '@backendai-e2e/controller/event-log';
import type { Notice } from '@backendai-e2e/controller/events';

/** One notice for each condition whose status or reason changed. `bad`: types whose status False deserves a warning. */
export function conditionNotices(
  before: readonly Condition[] | undefined,
  after: readonly Condition[] | undefined,
  bad: readonly string[],
): Notice[] {
  return (after ?? [])
    .filter((condition) => {
      const old = before?.find((candidate) => candidate.type === condition.type);
      return old?.status !== condition.status || old.reason !== condition.reason;
    })
    .filter((condition) => condition.status !== 'Unknown' || condition.reason !== 'Running')
    .map((condition) => ({
      type: condition.status === 'False' && bad.includes(condition.type) ? 'Warning' : 'Normal',
      reason: condition.reason,
      message: `${condition.type} is ${condition.status}: ${condition.message}`,
    }));
}

/** One notice for each suite of a run that started an attempt, cannot start yet, or ended. */
export function suiteNotices(
  before: readonly RunSuite[] | undefined,
  after: readonly RunSuite[] | undefined,
): LoggedNotice[] {
  return (after ?? []).flatMap((line): LoggedNotice[] => {
    const old = before?.find((candidate) => candidate.name === line.name);
    const { attempt, report, verdict, seconds, environment } = line;
    const fields = { suite: suiteOf(line), attempt, report, ...(environment ? { environment } : {}) };
    if (line.state === 'Running' && (old?.state !== 'Running' || old.attempt !== line.attempt)) {
      return [
        {
          type: 'Normal',
          reason: 'SuiteStarted',
          message: `${line.name}: attempt ${line.attempt} started${environment ? ` in ${environment}` : ''}`,
          fields,
        },
      ];
    }
    if (line.state === 'Waiting' && line.message !== undefined && line.message !== old?.message) {
      return [{ type: 'Warning', reason: 'SuiteDelayed', message: `${line.name}: ${line.message}`, fields }];
    }
    if (line.state !== 'Finished' || old?.state === 'Finished') return [];
    const more = [line.reason, line.message].filter(Boolean).join(': ');
    return [
      {
        type: verdict ? VERDICT_POLICY[verdict].event : 'Warning',
        reason: `Suite${line.verdict ?? 'Ended'}`,
        message: `${line.name}: ${line.verdict}${more ? ` (${more})` : ''}`,
        fields: { ...fields, verdict, seconds },
      },
    ];
  });
}
