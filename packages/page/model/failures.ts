import { windowOfAttempt, windowOfTest } from '@backendai-e2e/results/causes/failure-window';
import { faultsInForce } from '@backendai-e2e/results/causes/fault-moments';
import { firstCauses } from '@backendai-e2e/results/causes/first-cause';
import {
  alarmLines,
  alarmsIn,
  type GreenLines,
  kindOfLine,
  type LogText,
} from '@backendai-e2e/results/causes/log-lines';
import { outagesOf } from '@backendai-e2e/results/causes/outages';
import type { AlarmLine, TimedChange, Window } from '@backendai-e2e/results/causes/scene';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import type { RunRecord } from '@backendai-e2e/results/run-record';
import { firstLine, isBad, type TestRecord } from '@backendai-e2e/results/test-record';
import type { PageFailure, PageFault, PageSuite } from './data/page-data.ts';
import { anchorOf, failureAnchor } from './text/anchors.ts';

/** What {@link failuresOf} joins. */
export interface FailureSource {
  file: WholeRunFile;
  record: RunRecord;
  suites: readonly PageSuite[];
  changes: readonly TimedChange[];
  faults: readonly PageFault[];
  logs: readonly LogText[];
  newDigests: readonly string[];
  /** Components that each suite needs and few others do. */
  needs: ReadonlyMap<string, readonly string[]>;
  green?: GreenLines;
}

/** Alarming lines that a failure shows. */
const MAX_ALARMS = 30;

type Open = Pick<
  PageFailure,
  'suite' | 'suiteAnchor' | 'environment' | 'title' | 'file' | 'state' | 'seconds' | 'error' | 'anchor'
> & {
  window?: Window;
  /** TestReport of the attempt that decides. */
  report?: string | undefined;
};

/** Every test that keeps its suite from passing, known issues after them, and suites that failed without a test. Pure. */
export function failuresOf(source: FailureSource): PageFailure[] {
  const open = [
    ...ofTests(source, isBad),
    ...ofSuites(source),
    ...ofTests(source, (test) => !isBad(test) && test.error !== undefined),
  ];
  const lines = alarmLines(source.logs);
  const windows = open.flatMap(({ window }) => window ?? []);
  const usual =
    source.green?.kinds ??
    new Set(
      lines.filter(({ at }) => !windows.some(({ from, to }) => at >= from && at <= to)).map(kindOfLine),
    );
  return open.map((failure) => explained(failure, open, lines, usual, source));
}

function explained(
  failure: Open,
  all: readonly Open[],
  lines: readonly AlarmLine[],
  usual: ReadonlySet<string>,
  source: FailureSource,
): PageFailure {
  const { report, ...open } = failure;
  const { window } = open;
  const same = all.filter((each) => each !== failure && firstLine(each.error) === firstLine(failure.error));
  const shown = { ...open, same: same.map(({ anchor }) => anchor) };
  if (!window) return { ...shown, alarms: [], moreAlarms: 0, causes: [] };
  const elsewhere = namespacesElsewhere(source.file, failure.environment);
  const own = source.file.run.metadata.namespace ?? '';
  const isHere = (namespace: string) => namespace !== own && !elsewhere.has(namespace);
  const alarms = alarmsIn(
    lines.filter(({ namespace }) => isHere(namespace)),
    window,
    usual,
  );
  const faults = faultsInForce(source.faults, failure.environment, window);
  const environment = source.file.tested?.environments.find(({ name }) => name === failure.environment);
  const deployed = (environment?.status?.components ?? []).map(({ name }) => name);
  const causes = firstCauses({
    error: failure.error,
    title: `${failure.title} ${failure.suite}`,
    needs: source.needs.get(failure.suite) ?? [],
    window,
    ...(report ? { attempt: report } : {}),
    components: [
      ...new Set([
        ...deployed,
        ...source.logs.filter(({ namespace }) => isHere(namespace)).map(({ component }) => component),
      ]),
    ],
    changes: source.changes.filter(({ namespace }) => isHere(namespace)),
    outages: outagesOf(source.file.cluster).filter(({ namespace }) => isHere(namespace)),
    faults,
    alarms,
    newDigests: source.newDigests,
    ...(source.green ? { green: source.green.run } : {}),
  });
  // Lines that components write only when something fails come first.
  const ordered = [...alarms.filter(({ rare }) => rare), ...alarms.filter(({ rare }) => !rare)];
  return {
    ...shown,
    alarms: ordered
      .slice(0, MAX_ALARMS)
      .sort((a, b) => a.at - b.at)
      .map(({ at, source: from, text, rare }) => ({ at, source: from, text, rare })),
    moreAlarms: Math.max(0, alarms.length - MAX_ALARMS),
    causes: causes.slice(0, 5),
  };
}

function ofTests({ file, record, suites }: FailureSource, chosen: (test: TestRecord) => boolean): Open[] {
  return record.suites.flatMap((line) => {
    const suite = suites.find(({ name }) => name === line.name);
    return line.tests.filter(chosen).map((test): Open => {
      const window = windowOfTest(test, statusOf(file, line.report));
      return {
        anchor: failureAnchor(line.name, test.id),
        report: line.report,
        suite: line.name,
        suiteAnchor: suite?.anchor ?? '',
        environment: suite?.environment ?? '',
        title: test.title,
        file: test.file,
        state: test.state,
        seconds: test.seconds,
        error: test.error ?? 'no error was recorded',
        ...(window ? { window } : {}),
      };
    });
  });
}

function ofSuites({ file, record, suites }: FailureSource): Open[] {
  return record.suites
    .filter((line) => line.failed && line.state === 'Finished' && !line.tests.some(isBad))
    .map((line): Open => {
      const suite = suites.find(({ name }) => name === line.name);
      // A suite that never started failed because of what happened since the run did.
      const window = windowOfAttempt(statusOf(file, line.report) ?? file.run.status);
      return {
        anchor: anchorOf('failure', line.name),
        report: line.report,
        suite: line.name,
        suiteAnchor: suite?.anchor ?? '',
        environment: suite?.environment ?? '',
        title: line.reason ?? 'no verdict',
        file: '',
        state: line.verdict ?? line.state,
        seconds: line.seconds ?? 0,
        error: line.message ?? 'the suite failed without a message',
        ...(window ? { window } : {}),
      };
    });
}

function statusOf({ reports }: WholeRunFile, report: string | undefined) {
  return reports.find(({ metadata }) => metadata.name === report)?.status;
}

/** Namespaces of the environments in which the attempt did not run. */
function namespacesElsewhere({ tested }: WholeRunFile, environment: string): Set<string> {
  const others = (tested?.environments ?? []).filter(({ name }) => name !== environment);
  return new Set(others.flatMap(({ status }) => status?.namespace ?? []));
}
