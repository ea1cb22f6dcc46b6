import { createHash } from 'node:crypto';
import type { Measurement, TestReport } from '@backendai-e2e/api/test-report';
import { readKnownIssueLine } from '../known-issue-line.ts';
import { plainLine } from '../plain-text.ts';
import type { RunFile, Tested } from '../run-file.ts';
import { type RunRecord, runRecord, type SuiteRecord } from '../run-record.ts';
import { firstLine, isBad, nameOf, type TestIdentity, type TestRecord } from '../test-record.ts';
import { closerBound, PACE } from './measurement-gate.ts';
import {
  HISTORY_LENGTHS,
  HISTORY_VERSION,
  type HistoryMeasurement,
  type HistoryPart,
  type HistoryRecord,
  type HistorySuite,
  type HistoryTest,
  type MeasuredBound,
  UID,
} from './record.ts';
import { medianOf } from './spread.ts';

/**
 * The record of a run, from its run.json of any version. Every text is one printable line. Pure.
 * @throws Error if the run never started
 */
export function historyRecord(file: RunFile): HistoryRecord {
  const { run, reports, tested, cost } = file;
  const record = runRecord(file);
  const { status, spec, metadata } = run;
  const paces = reports.flatMap(({ status: each }) =>
    (each?.measurements ?? []).filter(({ name }) => name === PACE).map(({ value }) => value),
  );
  const pace = medianOf(paces);
  const startedAt = timeOf(status?.startedAt ?? metadata.creationTimestamp);
  if (startedAt === undefined) throw new Error(`${record.name} has no start: it never began`);
  const finishedAt = timeOf(status?.finishedAt);
  return {
    version: HISTORY_VERSION,
    uid: uidOf(metadata.uid, record.name, startedAt),
    name: cut(record.name, HISTORY_LENGTHS.name),
    startedAt,
    ...(finishedAt ? { finishedAt } : {}),
    ...(record.verdict ? { verdict: record.verdict } : {}),
    ...(spec.grep ? { grep: cut(spec.grep, HISTORY_LENGTHS.title) } : {}),
    environments: record.environments,
    backendAi: record.backendAi.map((build) => cut(build, HISTORY_LENGTHS.name)),
    tested: unique(componentsOf(tested)),
    testing: unique(testersOf(tested)),
    ...(pace === undefined ? {} : { pace: hundredths(pace) }),
    ...(cost ? { cost: { cpuSeconds: hundredths(cost.cpuSeconds), cores: cost.cores } } : {}),
    suites: record.suites.map((line) => suiteOf(line, record, reports)),
  };
}

/** A run that was never in an API server has no uid. Its name and start stand for it. */
function uidOf(uid: string | undefined, name: string, startedAt: string): string {
  if (uid && UID.test(uid)) return uid;
  return createHash('sha256')
    .update(`${uid ?? ''}\n${name}\n${startedAt}`)
    .digest('hex')
    .slice(0, 32);
}

function componentsOf(tested: Tested | undefined): HistoryPart[] {
  return (tested?.environments ?? []).flatMap(({ status }) =>
    (status?.components ?? []).map(({ name, version, imageDigest }) => part(name, version, imageDigest)),
  );
}

function testersOf(tested: Tested | undefined): HistoryPart[] {
  if (!tested) return [];
  const { version, commit } = tested.command;
  return [
    part('command', version, commit),
    ...tested.images.map(({ component, image, imageId }) => part(component, image, imageId)),
  ];
}

function part(name: string, version: string | undefined, digest: string | undefined): HistoryPart {
  return {
    name: cut(name, HISTORY_LENGTHS.name),
    ...(version ? { version: cut(version, HISTORY_LENGTHS.name) } : {}),
    // The name of the image before the digest depends on how the node got it.
    ...(digest ? { digest: cut(digest.replace(/^.*@/, ''), HISTORY_LENGTHS.name) } : {}),
  };
}

/** Equal environments hold the same parts. */
function unique(parts: readonly HistoryPart[]): HistoryPart[] {
  const found = new Map(parts.map((each) => [JSON.stringify(each), each]));
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function suiteOf(line: SuiteRecord, record: RunRecord, reports: readonly TestReport[]): HistorySuite {
  const report = reports.find(({ metadata }) => metadata.name === line.report);
  const earlier = line.attempts.filter((attempt) => attempt.report !== line.report);
  const failedBefore = new Set(earlier.flatMap(({ tests }) => tests.filter(isBad).map(nameOf)));
  const { verdict, reason, seconds } = line;
  return {
    name: cut(line.name, HISTORY_LENGTHS.name),
    environment: line.environment ?? record.environments[0] ?? '',
    ...(verdict ? { verdict } : {}),
    ...(reason ? { reason: cut(reason, HISTORY_LENGTHS.name) } : {}),
    ...(seconds === undefined ? {} : { seconds: hundredths(seconds) }),
    attempts: line.attempt,
    tests: line.tests.map((test) => testOf(test, failedBefore.has(nameOf(test)))),
    measurements: measurementsOf(report?.status?.measurements ?? []),
  };
}

/** How records name a test of a suite: printable, and cut to the lengths of the history. */
export function recordedNames({ suite, file, title }: TestIdentity & { suite: string }): TestIdentity & {
  suite: string;
} {
  return {
    suite: cut(suite, HISTORY_LENGTHS.name),
    file: cut(file, HISTORY_LENGTHS.name),
    title: cut(title, HISTORY_LENGTHS.title),
  };
}

function testOf(test: TestRecord, failedBefore: boolean): HistoryTest {
  const { file, title, state, seconds, error } = test;
  const issue = state === 'known-issue' ? readKnownIssueLine(firstLine(error)) : undefined;
  // The line of a known issue is kept in parts. What the test said follows it.
  const said = issue ? (error ?? '').split('\n')[1] : firstLine(error);
  return {
    file: cut(file, HISTORY_LENGTHS.name),
    title: cut(title, HISTORY_LENGTHS.title),
    state,
    seconds: hundredths(seconds),
    ...(said ? { error: cut(said, HISTORY_LENGTHS.error) } : {}),
    ...(failedBefore && !isBad(test) ? { recovered: true } : {}),
    ...(issue ? { issue: { ...issue, issue: cut(issue.issue, HISTORY_LENGTHS.error) } } : {}),
  };
}

function measurementsOf(measurements: readonly Measurement[]): HistoryMeasurement[] {
  const found = new Map<string, { name: string; unit: string; values: number[]; bound?: MeasuredBound }>();
  for (const { name, unit, value, limit } of measurements) {
    const key = JSON.stringify([name, unit]);
    const entry = found.get(key) ?? {
      name: cut(name, HISTORY_LENGTHS.name),
      unit: cut(unit, HISTORY_LENGTHS.name),
      values: [],
    };
    entry.values.push(Number(value.toPrecision(4)));
    if (limit !== undefined) {
      const bound = { value: Number(value.toPrecision(4)), limit: Number(limit.toPrecision(4)) };
      entry.bound = closerBound(unit, entry.bound, bound);
    }
    found.set(key, entry);
  }
  return [...found.values()];
}

function cut(text: string, length: number): string {
  const line = plainLine(text);
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`.toWellFormed();
}

function timeOf(at: string | undefined): string | undefined {
  const time = Date.parse(at ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
