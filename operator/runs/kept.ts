import type { TestRun } from '../api/test-run.ts';
import type { Job, Pod } from '../runtime/builtin-resources.ts';
import { withoutManagedFields } from '../runtime/kube-object.ts';
import { isFinished } from './queue.ts';

/**
 * What the operator's cache keeps of a run. One that has ended only counts for queues, times to live and the records of its
 * suites: the texts of its lines and conditions, which make most of it, are left to the API server.
 */
export function keptRun(run: TestRun): TestRun {
  const kept = withoutManagedFields(run);
  if (!kept.status || !isFinished(kept)) return kept;
  const { suites, conditions, ...status } = kept.status;
  return {
    ...kept,
    status: {
      ...status,
      ...(conditions ? { conditions: conditions.map((each) => ({ ...each, message: '' })) } : {}),
      ...(suites
        ? {
            suites: suites.map(
              ({ message: _message, reason: _reason, report: _report, counts: _counts, ...line }) => line,
            ),
          }
        : {}),
    },
  };
}

/** What the operator's cache keeps of an attempt's Job: its state. The pod that it asks for, most of it, is never looked at. */
export function keptJob(job: Job): Job {
  const { spec, ...kept } = withoutManagedFields(job);
  if (!spec) return kept;
  const { activeDeadlineSeconds, suspend } = spec;
  const looked = {
    ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
    ...(suspend === undefined ? {} : { suspend }),
  };
  // The cast: the model says that a Job has a template.
  return { ...kept, spec: looked as Job['spec'] & object };
}

/** What the operator's cache keeps of an attempt's pod: its state. */
export function keptPod(pod: Pod): Pod {
  const { spec: _asked, ...kept } = withoutManagedFields(pod);
  return kept;
}
