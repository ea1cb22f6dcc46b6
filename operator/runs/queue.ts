import { conditionOf } from '../api/conditions.ts';
import { environmentsOf, RUN_CONDITIONS, type TestRun } from '../api/test-run.ts';

/**
 * The runs that go before this one in any of its environments: those that have started, then those created earlier, by name
 * within the same second. Finished runs, those that are being deleted, and those that were suspended before they started
 * stand in nobody's way.
 */
export function aheadOf(run: TestRun, others: readonly TestRun[]): TestRun[] {
  const own = new Set(environmentsOf(run));
  return others
    .filter(
      (other) =>
        other.metadata.uid !== run.metadata.uid &&
        environmentsOf(other).some((name) => own.has(name)) &&
        !other.metadata.deletionTimestamp &&
        !isFinished(other) &&
        (other.status?.startedAt !== undefined || (!other.spec.suspend && compare(other, run) < 0)),
    )
    .sort(compare);
}

/** Whether the run has its verdict. It never changes after that. */
export function isFinished(run: TestRun): boolean {
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded)?.status;
  return succeeded === 'True' || succeeded === 'False';
}

function compare(a: TestRun, b: TestRun): number {
  return (
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
