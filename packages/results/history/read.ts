import { TEST_STATES, type TestState, VERDICTS, type Verdict } from '@backendai-e2e/api/verdict';
import type { KnownIssueLine } from '../known-issue-line.ts';
import { plainLine } from '../plain-text.ts';
import type { RunCost } from '../run-file.ts';
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
import { upgraded } from './upgrade.ts';

/** What identifies a record of any version, also of a later one. No version may change it. */
export interface HistoryHead {
  version: number;
  uid: string;
  startedAt: string;
}

/** Texts that are one printable line without a closer look. Nearly all are, of half a million in a history. */
const PLAIN = /^[ -~›…]*$/;
/** Most entries of a list in a record: far above what a run has. */
const MOST = 10_000;

/**
 * Reads a line of a history: what is known is copied, and everything else is left out. A stranger may have written the line.
 * @throws NewerVersion for a later version, or an Error that says what is wrong
 */
export function readHistoryLine(text: string): HistoryRecord {
  readHistoryHead(text);
  const value = upgraded(objectOf(JSON.parse(text), 'the line'));
  const { finishedAt, verdict, grep, pace, cost } = value;
  return {
    version: HISTORY_VERSION,
    uid: String(value.uid),
    name: textOf(value.name, 'name', HISTORY_LENGTHS.name),
    startedAt: String(value.startedAt),
    ...(finishedAt === undefined ? {} : { finishedAt: timeOf(finishedAt, 'finishedAt') }),
    ...(verdict === undefined ? {} : { verdict: verdictOf(verdict) }),
    ...(grep === undefined ? {} : { grep: textOf(grep, 'grep', HISTORY_LENGTHS.title) }),
    environments: namesOf(value.environments, 'environments'),
    backendAi: namesOf(value.backendAi, 'backendAi'),
    tested: listOf(value.tested, 'tested').map(partOf),
    testing: listOf(value.testing, 'testing').map(partOf),
    ...(pace === undefined ? {} : { pace: numberOf(pace, 'pace') }),
    ...(cost === undefined ? {} : { cost: costOf(cost) }),
    suites: listOf(value.suites, 'suites').map(suiteOf),
  };
}

/** What identifies the record of a line, whatever its version. Throws an Error that says what is wrong. */
export function readHistoryHead(text: string): HistoryHead {
  const { version, uid, startedAt } = objectOf(JSON.parse(text), 'the line');
  if (typeof uid !== 'string' || !UID.test(uid)) throw new Error('its uid is none');
  return { version: numberOf(version, 'version'), uid, startedAt: timeOf(startedAt, 'startedAt') };
}

function suiteOf(value: unknown): HistorySuite {
  const { name, environment, verdict, reason, seconds, attempts, tests, measurements } = objectOf(
    value,
    'a suite',
  );
  return {
    name: textOf(name, 'name of a suite', HISTORY_LENGTHS.name),
    environment: textOf(environment, 'environment', HISTORY_LENGTHS.name),
    ...(verdict === undefined ? {} : { verdict: verdictOf(verdict) }),
    ...(reason === undefined ? {} : { reason: textOf(reason, 'reason', HISTORY_LENGTHS.name) }),
    ...(seconds === undefined ? {} : { seconds: numberOf(seconds, 'seconds') }),
    attempts: numberOf(attempts, 'attempts'),
    tests: listOf(tests, 'tests').map(testOf),
    measurements: listOf(measurements, 'measurements').map(measurementOf),
  };
}

function testOf(value: unknown): HistoryTest {
  const { file, title, state, seconds, error, recovered, issue } = objectOf(value, 'a test');
  if (!isState(state)) throw new Error('the state of a test is none');
  return {
    file: textOf(file, 'file', HISTORY_LENGTHS.name),
    title: textOf(title, 'title', HISTORY_LENGTHS.title),
    state,
    seconds: numberOf(seconds, 'seconds'),
    ...(error === undefined ? {} : { error: textOf(error, 'error', HISTORY_LENGTHS.error) }),
    ...(recovered === true ? { recovered } : {}),
    ...(issue === undefined ? {} : { issue: issueOf(issue) }),
  };
}

function issueOf(value: unknown): KnownIssueLine {
  const { issue, version, until, budget } = objectOf(value, 'an issue');
  if (typeof until !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(until)) throw new Error('until is no day');
  const { most, of } = budget === undefined ? {} : objectOf(budget, 'a budget');
  return {
    issue: textOf(issue, 'issue', HISTORY_LENGTHS.error),
    version: textOf(version, 'version', HISTORY_LENGTHS.name),
    until,
    ...(budget === undefined ? {} : { budget: { most: numberOf(most, 'most'), of: numberOf(of, 'of') } }),
  };
}

function measurementOf(value: unknown): HistoryMeasurement {
  const { name, unit, values, bound } = objectOf(value, 'a measurement');
  return {
    name: textOf(name, 'name of a measurement', HISTORY_LENGTHS.name),
    unit: textOf(unit, 'unit', HISTORY_LENGTHS.name),
    values: listOf(values, 'values').map((each) => numberOf(each, 'a value')),
    ...(bound === undefined ? {} : { bound: boundOf(bound) }),
  };
}

function boundOf(value: unknown): MeasuredBound {
  const { value: measured, limit } = objectOf(value, 'a bound');
  return { value: numberOf(measured, 'value of a bound'), limit: numberOf(limit, 'limit') };
}

function costOf(value: unknown): RunCost {
  const { cpuSeconds, cores } = objectOf(value, 'a cost');
  return { cpuSeconds: numberOf(cpuSeconds, 'cpuSeconds'), cores: numberOf(cores, 'cores') };
}

function partOf(value: unknown): HistoryPart {
  const { name, version, digest } = objectOf(value, 'a part');
  return {
    name: textOf(name, 'name of a part', HISTORY_LENGTHS.name),
    ...(version === undefined ? {} : { version: textOf(version, 'version', HISTORY_LENGTHS.name) }),
    ...(digest === undefined ? {} : { digest: textOf(digest, 'digest', HISTORY_LENGTHS.name) }),
  };
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no object`);
  return value as Record<string, unknown>;
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value) || value.length > MOST) throw new Error(`${what} is no list of at most ${MOST}`);
  return value;
}

function namesOf(value: unknown, what: string): string[] {
  return listOf(value, what).map((each) => textOf(each, what, HISTORY_LENGTHS.name));
}

/** A text of one printable line. A longer one is not of this program. */
function textOf(value: unknown, what: string, most: number): string {
  if (typeof value !== 'string' || value.length > most)
    throw new Error(`${what} is no text of at most ${most}`);
  return PLAIN.test(value) ? value : plainLine(value);
}

function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${what} is no number`);
  return value;
}

function timeOf(value: unknown, what: string): string {
  if (
    typeof value !== 'string' ||
    !/^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z$/.test(value) ||
    Number.isNaN(Date.parse(value))
  ) {
    throw new Error(`${what} is no time in UTC`);
  }
  return value;
}

function verdictOf(value: unknown): Verdict {
  const found = VERDICTS.find((each) => each === value);
  if (!found) throw new Error('the verdict is none');
  return found;
}

function isState(value: unknown): value is TestState {
  return TEST_STATES.some((each) => each === value);
}
