import { seconds } from '@backendai-e2e/results/duration';
import { type RunObjects, runRecord } from '@backendai-e2e/results/run-record';
import { type Shown, tableOf } from '../terminal/output.ts';

/** A long wait of a run. */
export interface RunWait {
  suite: string;
  environment?: string;
  /** File and title of the test or hook that waited. */
  file: string;
  title: string;
  what: string;
  /** Of all these waits. */
  seconds: number;
  times: number;
}

/** The long waits of a run, the longest first: those of the deciding attempts. Pure. */
export function waitsOf({ run, reports }: RunObjects): RunWait[] {
  return runRecord({ run, reports })
    .suites.flatMap(({ name, environment, report: deciding }) => {
      const report = reports.find(({ metadata }) => metadata.name === deciding);
      return (report?.status?.waits ?? []).map((wait) => ({
        suite: name,
        ...(environment ? { environment } : {}),
        ...wait,
      }));
    })
    .sort((one, other) => other.seconds - one.seconds);
}

/** The long waits of a run as the result of a command, with their sum. */
export function shownWaits(objects: RunObjects): Shown {
  const waits = waitsOf(objects);
  const rows = waits.map(({ suite, title, what, times, ...wait }) => [
    ...[seconds(wait.seconds), String(times), suite, what, title],
  ]);
  const { table } = tableOf(['time', 'waits', 'suite', 'waited for', 'test'], rows, waits);
  const sum = waits.reduce((total, wait) => total + wait.seconds, 0);
  const last =
    waits.length === 0
      ? ['No test waited for more than 5 s, or the suites are too old to report it.']
      : [
          '',
          `${waits.length} waits of more than 5 s took ${seconds(sum)}, of which some were at the same time.`,
        ];
  return { data: waits, table: (columns) => (waits.length === 0 ? last : [...table(columns), ...last]) };
}
