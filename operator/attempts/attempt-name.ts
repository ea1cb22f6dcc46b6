import { createHash } from 'node:crypto';
import { LABELS, OPERATOR_NAME } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { TestRun } from '@backendai-e2e/api/test-run';
import type { ObjectName } from '@backendai-e2e/kube/object';

/** Hex digits of SHA-256 that keep truncated names distinct. */
const HASH_LENGTH = 8;

/** Label that the Job controller sets on the pods of a Job: the Job's name. */
export const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name';

/**
 * Name of everything that belongs to one attempt: TestReport, Job, ServiceAccount, Role, RoleBinding.
 * `<run>-<suite>-<attempt>`, cut to 63 characters with a hash of the whole when it is longer. Deterministic, so that a
 * restarted operator finds its objects.
 */
export function attemptName(run: string, suite: string, attempt: number): string {
  const whole = `${run}-${suite}-${attempt}`;
  if (whole.length <= LENGTHS.label) return whole;
  const hash = createHash('sha256').update(`${run}/${suite}/${attempt}`).digest('hex').slice(0, HASH_LENGTH);
  const tail = `-${hash}-${attempt}`;
  return `${whole.slice(0, LENGTHS.label - tail.length).replace(/[-.]+$/, '')}${tail}`;
}

/** Name of the Job that undoes what an attempt left changed: the attempt's name, shortened with a hash. */
export function undoJobName(attempt: string): string {
  const tail = '-undo';
  if (attempt.length + tail.length <= LENGTHS.label) return `${attempt}${tail}`;
  const hash = createHash('sha256').update(attempt).digest('hex').slice(0, HASH_LENGTH);
  return `${attempt.slice(0, LENGTHS.label - tail.length - HASH_LENGTH - 1).replace(/[-.]+$/, '')}-${hash}${tail}`;
}

/** Labels of everything that belongs to one attempt. */
export function attemptLabels(run: string, suite: string, attempt: number): Record<string, string> {
  return {
    [LABELS.run]: run,
    [LABELS.suite]: suite,
    [LABELS.attempt]: String(attempt),
    'app.kubernetes.io/managed-by': OPERATOR_NAME,
  };
}

/** Selects the objects of a run. */
export function runSelector(run: string): string {
  return `${LABELS.run}=${run}`;
}

/** The reports of all attempts of a run, from its lines. */
export function reportsOf(run: TestRun): ObjectName[] {
  const { name, namespace = '' } = run.metadata;
  return (run.status?.suites ?? []).flatMap(({ name: suite, attempt }) =>
    Array.from({ length: attempt }, (_, index) => ({
      namespace,
      name: attemptName(name, suite, index + 1),
    })),
  );
}
