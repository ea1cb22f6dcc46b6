import { environmentsOf, isFinished, type TestRun } from '@backendai-e2e/api/test-run';

/**
 * The runs ahead of this one in any of its environments. Started runs come first, then those created earlier; within a second,
 * names decide. Finished runs, runs that are being deleted, and runs that were suspended before their start block no run.
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

function compare(a: TestRun, b: TestRun): number {
  return (
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
