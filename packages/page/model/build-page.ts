import type { ReportedWait } from '@backendai-e2e/api/test-report';
import { environmentOf } from '@backendai-e2e/api/test-run';
import { faultMoments } from '@backendai-e2e/results/causes/fault-moments';
import type { GreenLines, LogText } from '@backendai-e2e/results/causes/log-lines';
import { rareNeeds } from '@backendai-e2e/results/causes/rare-needs';
import type { TimedChange } from '@backendai-e2e/results/causes/scene';
import { clockSentences } from '@backendai-e2e/results/clocks';
import { clusterChanges } from '@backendai-e2e/results/cluster-record';
import type { WholeRunFile } from '@backendai-e2e/results/run-file';
import { type RunRecord, runRecord } from '@backendai-e2e/results/run-record';
import { isBad, whyLeftOut } from '@backendai-e2e/results/test-record';
import type { SuiteTraits } from '@backendai-e2e/scheduling/starts';
import type {
  Gantt,
  Live,
  PageData,
  PageFailure,
  PageFault,
  PageLog,
  PageSuite,
  Since,
  TestedPart,
} from './data/page-data.ts';
import type { PastData, PastTests } from './data/past-data.ts';
import type { Proof } from './data/proof-data.ts';
import { failuresOf } from './failures.ts';
import { firstBadOf } from './past/first-bad.ts';
import { anchorOf, failureAnchor, time } from './text/anchors.ts';
import { inert } from './text/inert.ts';
import { ganttOf, type Ran } from './timeline/gantt.ts';
import { podLanes, type TestedPlace } from './timeline/pod-lanes.ts';

/** What the catalog says about a suite. */
export interface KnownSuite {
  description: string;
  claims: readonly string[];
  /** Components without which it does not start. */
  needs: readonly string[];
  /** Beside what it may run; unknown for a suite that the catalog lacks. */
  traits?: SuiteTraits;
}

/** What the page is made from. */
export interface PageSource {
  file: WholeRunFile;
  logs: readonly LogText[];
  /** The logs as the page holds them. */
  pageLogs: readonly PageLog[];
  /** What the catalog says about each suite. */
  catalog: ReadonlyMap<string, KnownSuite>;
  phases: readonly { name: string; seconds: number }[];
  /** The last line of the job. */
  exit?: string;
  since?: Since;
  past?: PastData;
  /** The tests of the runs before; they lie outside of the page's own data. */
  tests?: PastTests;
  missing: readonly string[];
  /** Lines of earlier runs that succeeded, where they are known. */
  green?: GreenLines;
  proof?: Proof;
  live?: Live;
}

/** Joins everything that the page shows. No string in it acts on a browser or a terminal. Pure. */
export function buildPage(source: PageSource): PageData {
  const { file } = source;
  const record = runRecord(file);
  const { status } = file.run;
  const suites = record.suites.map((line) => pageSuite(file, record, line, source.catalog));
  const changes = clusterChanges(file.cluster).map(
    (change): TimedChange => ({ ...change, at: Date.parse(change.at) }),
  );
  const faults = file.faults.map(pageFault);
  const startedAt = time(status?.startedAt);
  const finishedAt = time(status?.finishedAt);
  const gantt = ganttOf(attemptsOf(file, suites, source.catalog), {
    ...(startedAt ? { from: startedAt } : {}),
    ...(finishedAt ? { to: finishedAt } : {}),
  });
  return inert<PageData>({
    name: record.name,
    environments: record.environments,
    backendAi: record.backendAi,
    ...(record.verdict ? { verdict: record.verdict } : {}),
    ...(record.succeeded ? { succeeded: record.succeeded } : {}),
    ...(source.exit ? { exit: source.exit } : {}),
    ...(record.counts ? { counts: record.counts } : {}),
    ...(startedAt ? { startedAt } : {}),
    ...(finishedAt ? { finishedAt } : {}),
    tested: testedParts(file),
    suites,
    failures: failuresOf({
      file,
      record,
      suites,
      changes,
      faults,
      logs: source.logs,
      newDigests: source.since?.components ?? [],
      needs: rareNeeds(source.catalog),
      ...(source.green ? { green: source.green } : {}),
    }).map((failure) => withFirstBad(failure, source)),
    faults,
    changes,
    pods: podLanes(file.cluster, placesOf(file, gantt)),
    deeds: file.events.map(({ at, reason, message }) => ({
      at: Date.parse(at),
      text: `${reason}: ${message}`,
    })),
    phases: source.phases,
    gantt,
    ...(source.green ? { green: source.green.run } : {}),
    ...(source.since ? { since: source.since } : {}),
    ...(source.past ? { past: source.past } : {}),
    logs: source.pageLogs,
    ...(source.proof ? { proof: source.proof } : {}),
    ...(source.live ? { live: source.live } : {}),
    clocks: clockSentences(file.cluster.clocks),
    missing: [...file.cluster.missing, ...source.missing],
  });
}

function withFirstBad(failure: PageFailure, { past, tests }: PageSource): PageFailure {
  const firstBad = past && tests && firstBadOf(failure, past, tests);
  return firstBad ? { ...failure, firstBad } : failure;
}

function pageSuite(
  file: WholeRunFile,
  record: RunRecord,
  line: RunRecord['suites'][number],
  catalog: PageSource['catalog'],
): PageSuite {
  const report = file.reports.find(({ metadata }) => metadata.name === line.report);
  const known = catalog.get(line.suite ?? line.name);
  const { name, state, verdict, reason, message, seconds, failed, attempt } = line;
  return {
    anchor: anchorOf('suite', name),
    name,
    environment: line.environment ?? record.environments[0] ?? '',
    state,
    ...(verdict ? { verdict } : {}),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    failed,
    attempt,
    ...(known ? { description: known.description } : {}),
    claims: known?.claims ?? [],
    tests: line.tests.map((test) => ({
      title: test.title,
      state: test.state,
      seconds: test.seconds,
      ...timed(test.startedAt),
      ...(isBad(test) || test.error ? { failure: failureAnchor(name, test.id) } : {}),
      ...(test.reason ? { leftOut: whyLeftOut(test) ?? '' } : {}),
    })),
    hooks: (report?.status?.hooks ?? []).map((hook) => ({
      title: hook.title,
      seconds: hook.seconds,
      ...timed(hook.startedAt),
    })),
    ...waitsOf(report?.status?.waits ?? []),
    measurements: (report?.status?.measurements ?? []).map(({ name, value, unit, measuredAt }) => {
      const at = time(measuredAt);
      return { name, value, unit, ...(at === undefined ? {} : { at }) };
    }),
  };
}

/** Waits that the page shows of a suite. */
const MOST_WAITS = 10;

function waitsOf(waits: readonly ReportedWait[]): Pick<PageSuite, 'waits'> {
  const shown = waits
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, MOST_WAITS)
    .map(({ title, what, seconds, times }) => ({ title, what, seconds, times }));
  return shown.length === 0 ? {} : { waits: shown };
}

function timed(at: string | undefined): { startedAt?: number } {
  const startedAt = time(at);
  return startedAt === undefined ? {} : { startedAt };
}

function attemptsOf(file: WholeRunFile, suites: readonly PageSuite[], catalog: PageSource['catalog']): Ran[] {
  return file.reports.flatMap(({ metadata, spec, status }): Ran[] => {
    const from = time(status?.startedAt);
    const to = time(status?.finishedAt ?? status?.updatedAt);
    if (from === undefined || to === undefined) return [];
    const environment = environmentOf(file.run, spec);
    const line = file.run.status?.suites?.find(
      (each) => each.report === metadata.name || (each.suite ?? each.name) === spec.suite,
    );
    const suite = suites.find(({ name }) => name === line?.name);
    return [
      {
        ...{ from, to, environment, attempt: spec.attempt },
        suite: suite?.name ?? spec.suite,
        anchor: suite?.anchor ?? anchorOf('suite', spec.suite),
        ...(status?.verdict ? { verdict: status.verdict } : {}),
        claims: suite?.claims ?? [],
        traits: catalog.get(spec.suite)?.traits,
      },
    ];
  });
}

/** The environments, each since its first suite: what happened before belongs to its start. */
function placesOf({ tested }: WholeRunFile, { lanes, to }: Gantt): TestedPlace[] {
  return (tested?.environments ?? []).flatMap(({ name, status }): TestedPlace[] => {
    const bars = lanes.filter(({ environment }) => environment === name).flatMap((lane) => lane.bars);
    const from = Math.min(...bars.map((bar) => bar.from));
    const { namespace } = status ?? {};
    return namespace && bars.length > 0 ? [{ environment: name, namespace, from, to }] : [];
  });
}

function pageFault(fault: WholeRunFile['faults'][number]): PageFault {
  const { status } = fault;
  return {
    ...faultMoments(fault),
    phase: status?.phase ?? 'Unknown',
    receipts: (status?.targets ?? []).map(({ pod, inForceEvidence, healedEvidence, trouble }) =>
      [pod, inForceEvidence, healedEvidence, trouble && `trouble: ${trouble}`].filter(Boolean).join(' · '),
    ),
  };
}

function testedParts({ tested }: WholeRunFile): TestedPart[] {
  if (!tested) return [];
  const { commit } = tested.command;
  return [
    ...tested.environments.flatMap(({ name, status }) =>
      (status?.components ?? []).map((component) => ({
        what: component.name,
        environment: name,
        version: component.version ?? '',
        digest: component.imageDigest ?? '',
      })),
    ),
    ...tested.images.map(({ component, image, imageId }) => ({
      what: component,
      version: image,
      digest: imageId,
    })),
    { what: 'command', version: tested.command.version, digest: commit ?? '' },
  ];
}
