import type { TestReport } from '@backendai-e2e/api/test-report';
import { type RunSuite, suiteOf } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import { type Folded, foldSuite } from './fold.ts';

/**
 * The lines of a run that has not started: one per suite. With several environments, a suite that is last has one line for
 * each. The first has the suite's name. The others have the name of their environment appended.
 */
export function linesFor(
  names: readonly string[],
  suites: readonly TestSuite[],
  environments: readonly string[],
): RunSuite[] {
  const fresh = { state: 'Waiting', attempt: 0 } as const;
  const last = new Set(suites.filter(({ spec }) => spec.last).map(({ metadata }) => metadata.name));
  const taken = new Set(names);
  return names.flatMap((suite): RunSuite[] => {
    if (environments.length === 1 || !last.has(suite)) return [{ name: suite, ...fresh }];
    return environments.map((environment, index) => {
      if (index === 0) return { name: suite, environment, ...fresh };
      return { name: freeName(`${suite}-${environment}`, taken), suite, environment, ...fresh };
    });
  });
}

/** The name, with a number if a suite has it: names of attempts derive from names of lines. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted}-${count}`;
  taken.add(name);
  return name;
}

/** Whether a report belongs to a line. A line without an environment takes that of its report. */
export function isLineOf(line: RunSuite, { spec }: Pick<TestReport, 'spec'>): boolean {
  if (spec.suite !== suiteOf(line)) return false;
  return (
    spec.environment === undefined || line.environment === undefined || spec.environment === line.environment
  );
}

/**
 * Updates the lines of a run from the reports of its attempts. A finished line stays as it is. `reports` must contain every
 * existing report that a line names: a missing one was deleted.
 */
export function foldLines(
  lines: readonly RunSuite[],
  reports: readonly TestReport[],
  retriesOf: (suite: string) => number,
): Folded[] {
  return lines.map((line) => {
    if (line.state === 'Finished') return { line, next: undefined };
    const own = reports.filter((report) => isLineOf(line, report));
    const place = placeOf(line, own);
    const folded = foldSuite(line.name, own, retriesOf(suiteOf(line)));
    const reported = folded.line.attempt;
    if (line.state === 'Running' && line.attempt > reported) return { line: vanished(line), next: undefined };
    // The status is written after all objects of an attempt were created. An attempt whose line never said Running may lack
    // some. The next start of it, now or when its turn comes, creates what is missing and adopts the rest.
    const begun = line.state === 'Running' && line.attempt === reported;
    if (folded.line.state === 'Running' && folded.next === undefined && !begun) {
      return { line: { ...line, ...place }, next: reported };
    }
    return { ...folded, line: { ...folded.line, ...place } };
  });
}

/** The fields of a line that do not depend on verdicts. Its environment is that of the first report. */
function placeOf(line: RunSuite, own: readonly TestReport[]): Pick<RunSuite, 'suite' | 'environment'> {
  const environment = line.environment ?? own.find(({ spec }) => spec.environment)?.spec.environment;
  return {
    ...(line.suite === undefined ? {} : { suite: line.suite }),
    ...(environment === undefined ? {} : { environment }),
  };
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
