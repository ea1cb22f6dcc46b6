import type { TestReport } from '../api/test-report.ts';
import type { RunSuite } from '../api/test-run.ts';
import { type Folded, foldSuite } from '../reports/fold.ts';

/**
 * Brings the lines of a run up to date with the reports of its attempts. A line that ended stays as it was written.
 * `reports` must hold every report that a line names and that exists: one that is missing was deleted by somebody.
 */
export function foldLines(
  lines: readonly RunSuite[],
  reports: readonly TestReport[],
  retriesOf: (suite: string) => number,
): Folded[] {
  return lines.map((line) => {
    if (line.state === 'Finished') return { line, next: undefined };
    const own = reports.filter((report) => report.spec.suite === line.name);
    const folded = foldSuite(line.name, own, retriesOf(line.name));
    const reported = folded.line.attempt;
    if (line.state === 'Running' && line.attempt > reported) return { line: vanished(line), next: undefined };
    // The status is written after all objects of an attempt were created. An attempt whose line never said Running may
    // lack some: starting it again, now or when its turn comes, creates what is missing and adopts the rest.
    const begun = line.state === 'Running' && line.attempt === reported;
    if (folded.line.state === 'Running' && folded.next === undefined && !begun) {
      return { line, next: reported };
    }
    return folded;
  });
}

function vanished(line: RunSuite): RunSuite {
  return {
    ...line,
    state: 'Finished',
    verdict: 'Interrupted',
    reason: 'ReportVanished',
    message: `TestReport ${line.report ?? ''} was deleted before the suite had ended`,
  };
}
