import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import { comparableEarlier } from './comparable.ts';
import type { HistoryRecord, HistorySuite, MeasuredBound } from './record.ts';
import { gateOf, medianOf, type Spread, spreadOf, WINDOW } from './spread.ts';

/** The measurement of each suite that says how busy its node was. */
export const PACE = 'machine-pace';

/** How the values of a unit become worse. Other units are counts of what a suite did: they are not judged. */
interface UnitRule {
  worse: 'higher' | 'lower';
  /** Difference below which a value is the machine's noise. A rate has none: a share of its median decides. */
  least: number;
  /** Whether a busy machine makes it worse. */
  byPace: boolean;
}

const RULES: Readonly<Record<string, UnitRule>> = {
  s: { worse: 'higher', least: 0.5, byPace: true },
  ms: { worse: 'higher', least: 50, byPace: true },
  MiB: { worse: 'higher', least: 4, byPace: false },
  'requests/s': { worse: 'lower', least: 0, byPace: true },
};
/** The whole duration of a suite varies more than what it measures. */
const SUITE_SECONDS = 2;

/** A measurement changed from one run to another if it is more than this many times as much. */
const CHANGED_FACTOR = 2;
/** Comparable runs that are read. Some may lack a suite. */
const RUNS = 50;
/** A value this many times as bad as the median is a regression, if the values before it agree. */
const REGRESSED_FACTOR = 2.5;
/** Earlier values agree if the worse quartile is at most this many times the better one. */
const AGREEING_FACTOR = 2;
/** A regression is also this many times as bad as the worst of the earlier values. */
const ABOVE_WORST_FACTOR = 1.25;
/** A regression is also this many times the noise above the median. */
const ABOVE_NOISE_FACTOR = 3;

/** A duration of a suite, or the median of what it measured under one name. */
export interface Series {
  kind: 'suite' | 'measurement';
  suite: string;
  name: string;
  unit: string;
}

/**
 * - usual: within the spread.
 * - worse: beyond it.
 * - regressed: far beyond values that agree, or beyond the bound that the suite gave.
 * - unknown: too few earlier values, or a unit without a rule.
 */
export type Judgement = 'usual' | 'worse' | 'regressed' | 'unknown';

/** A series of the newest run, judged by the runs before it. */
export interface Judged extends Series {
  value: number;
  judgement: Judgement;
  /** Of the earlier values that count; absent without any. */
  spread?: Spread;
  /** Beyond this, the value is beyond the spread. */
  limit?: number;
  /** The bound that Backend.AI's configuration implies, where the suite gave one, and the value that comes closest to it. */
  bound?: MeasuredBound;
}

/** A value with the pace of its machine. */
export interface Point {
  value: number;
  pace?: number;
}

/** What a run measured, each series once. A suite that did not pass has no duration to compare. */
export function measuredIn({ suites, pace }: HistoryRecord): (Series & Point)[] {
  return suites.flatMap((suite) => {
    const own = paceOf(suite) ?? pace;
    const at = own === undefined ? {} : { pace: own };
    const passed = suite.verdict !== undefined && VERDICT_POLICY[suite.verdict].passes;
    return [
      ...(suite.seconds !== undefined && passed
        ? [
            {
              ...({ kind: 'suite', suite: suite.name, name: 'duration', unit: 's' } as const),
              ...{ value: suite.seconds, ...at },
            },
          ]
        : []),
      ...suite.measurements.map(({ name, unit, values }) => ({
        ...({ kind: 'measurement', suite: suite.name, name, unit } as const),
        ...{ value: medianOf(values) ?? 0, ...at },
      })),
    ];
  });
}

/** Identifies a series. */
export function seriesKey({ kind, suite, name, unit }: Series): string {
  return JSON.stringify([kind, suite, name, unit]);
}

/**
 * Judges what a run measured by the comparable runs before it. In the order of the run, without what no rule judges. Pure.
 * @param records of the history; the run itself may be among them
 */
export function judgedRun(records: readonly HistoryRecord[], now: HistoryRecord): Judged[] {
  const before = new Map<string, Point[]>();
  for (const record of comparableEarlier(records, now).slice(-RUNS).reverse()) {
    for (const { value, pace, ...series } of measuredIn(record)) {
      const key = seriesKey(series);
      before.set(key, [...(before.get(key) ?? []), { value, ...(pace === undefined ? {} : { pace }) }]);
    }
  }
  return measuredIn(now)
    .filter(({ unit }) => RULES[unit] !== undefined)
    .map(({ value, pace, ...series }) => {
      const point = { value, ...(pace === undefined ? {} : { pace }) };
      const judged = judgedSeries(series, point, before.get(seriesKey(series)) ?? []);
      return withBound(judged, boundOf(now, series));
    });
}

/**
 * Judges a value by those before it.
 * @param earlier newest first
 */
export function judgedSeries(series: Series, { value, pace }: Point, earlier: readonly Point[]): Judged {
  const rule = RULES[series.unit];
  const points = earlier.filter((point) => rule?.worse !== 'lower' || point.value > 0).slice(0, WINDOW.most);
  const spread = spreadOf(points.map((point) => point.value));
  const unknown: Judged = { ...series, value, judgement: 'unknown', ...(spread ? { spread } : {}) };
  if (!rule || (rule.worse === 'lower' && value <= 0)) return unknown;
  // A rate is judged as the time that one thing takes.
  const bad = (of: number): number => (rule.worse === 'lower' ? 1 / of : of);
  const usualPace = medianOf(points.flatMap((point) => point.pace ?? []));
  const busier = rule.byPace && pace && usualPace ? Math.max(1, pace / usualPace) : 1;
  const least = series.kind === 'suite' ? Math.max(rule.least, SUITE_SECONDS) : rule.least;
  const gate = gateOf(
    bad(value),
    points.map((point) => bad(point.value)),
    { least, pace: busier },
  );
  if (!gate) return unknown;
  const { low, median, high, highest } = gate.spread;
  const far =
    high <= AGREEING_FACTOR * low &&
    bad(value) >= REGRESSED_FACTOR * median * busier &&
    bad(value) >= ABOVE_WORST_FACTOR * highest &&
    bad(value) >= median + ABOVE_NOISE_FACTOR * least;
  // The duration of a suite depends on what else ran: it never fails a run.
  const regressed = far && series.kind === 'measurement';
  return {
    ...unknown,
    judgement: gate.beyond ? (regressed ? 'regressed' : 'worse') : 'usual',
    limit: bad(gate.limit),
  };
}

/** A measurement of which the later run has twice as bad a value as the earlier one, or half. */
export interface MeasuredChange extends Series {
  before: number;
  after: number;
  judgement: 'worse' | 'better';
}

/** What two runs measured differently by a factor of two, beyond the noise. Two runs prove nothing: {@link judgedRun} does. Pure. */
export function measuredChanges(before: HistoryRecord, after: HistoryRecord): MeasuredChange[] {
  const old = new Map(measuredIn(before).map((each) => [seriesKey(each), each.value]));
  return measuredIn(after).flatMap(({ kind, suite, name, unit, value }): MeasuredChange[] => {
    const was = old.get(seriesKey({ kind, suite, name, unit }));
    const rule = RULES[unit];
    if (kind === 'suite' || was === undefined || !rule) return [];
    const [low, high] = [Math.min(was, value), Math.max(was, value)];
    if (high <= CHANGED_FACTOR * low || high - low < rule.least) return [];
    const judgement = value > was === (rule.worse === 'higher') ? 'worse' : 'better';
    return [{ kind, suite, name, unit, before: was, after: value, judgement }];
  });
}

/** In words: "s: app-request is 512 ms, usually 12 ms (10 runs)". */
export function inWords(judged: Judged): string {
  const { suite, name, unit, value, spread, bound } = judged;
  const what = `${suite}: ${name} is ${rounded(value)} ${unit}`;
  if (bound && isBeyond(unit, bound)) {
    return `${suite}: ${name} is ${rounded(bound.value)} ${unit}, and its bound is ${rounded(bound.limit)} ${unit}`;
  }
  if (!spread) return what;
  const { median, count } = spread;
  return `${what}, usually ${rounded(median)} ${unit} (${count} runs)`;
}

/** The bound that its value comes closer to, or exceeds by more. */
export function closerBound(
  unit: string,
  one: MeasuredBound | undefined,
  other: MeasuredBound,
): MeasuredBound {
  if (!one) return other;
  const room = ({ value, limit }: MeasuredBound): number =>
    RULES[unit]?.worse === 'lower' ? value - limit : limit - value;
  return room(other) < room(one) ? other : one;
}

function withBound(judged: Judged, bound: MeasuredBound | undefined): Judged {
  if (!bound) return judged;
  return { ...judged, bound, ...(isBeyond(judged.unit, bound) ? { judgement: 'regressed' } : {}) };
}

function isBeyond(unit: string, { value, limit }: MeasuredBound): boolean {
  return RULES[unit]?.worse === 'lower' ? value < limit : value > limit;
}

function boundOf({ suites }: HistoryRecord, series: Series): MeasuredBound | undefined {
  if (series.kind === 'suite') return undefined;
  return suites
    .filter(({ name }) => name === series.suite)
    .flatMap(({ measurements }) => measurements)
    .find(({ name, unit }) => name === series.name && unit === series.unit)?.bound;
}

/** How busy the node of a suite was, by its own measurement. */
function paceOf({ measurements }: HistorySuite): number | undefined {
  return medianOf(measurements.flatMap(({ name, values }) => (name === PACE ? values : [])));
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
