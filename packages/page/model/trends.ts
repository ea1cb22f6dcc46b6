import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { gateOf, medianOf, spreadOf } from '@backendai-e2e/results/history/spread';
import type { Trend } from './past-data.ts';

/** Runs in a sparkline. */
const DRAWN = 30;
/** With fewer values there is no line. */
const LEAST_VALUES = 2;
/** Seconds below which a difference is the machine's noise. */
const NOISE = { suite: 2, measurement: 0.5 } as const;

interface Series {
  kind: Trend['kind'];
  suite: string;
  name: string;
  unit: string;
  /** With the pace of its run, newest first; the first is of the run of the page. */
  points: { value: number; pace: number | undefined }[];
}

/**
 * Durations of the suites of the newest run, and what they measured, over the runs before. A suite that did not pass has no
 * duration to compare. What never changed has no trend. Pure.
 * @param newest records, newest first
 */
export function trendsOf(newest: readonly HistoryRecord[]): Trend[] {
  const found = new Map<string, Series>();
  for (const [place, record] of newest.slice(0, DRAWN).entries()) {
    for (const each of seriesIn(record)) {
      const key = JSON.stringify([each.kind, each.suite, each.name, each.unit]);
      const known = found.get(key);
      if (known) known.points.push(...each.points);
      else if (place === 0) found.set(key, each);
    }
  }
  return [...found.values()].flatMap(trendOf);
}

function seriesIn({ suites, pace }: HistoryRecord): Series[] {
  return suites.flatMap((suite): Series[] => [
    ...(suite.seconds !== undefined && suite.verdict && VERDICT_POLICY[suite.verdict].passes
      ? [
          {
            ...({ kind: 'suite', suite: suite.name, name: 'duration', unit: 's' } as const),
            points: [{ value: suite.seconds, pace }],
          },
        ]
      : []),
    ...suite.measurements.map(({ name, unit, values }) => ({
      ...({ kind: 'measurement', suite: suite.name, name, unit } as const),
      points: [{ value: medianOf(values) ?? 0, pace }],
    })),
  ]);
}

function trendOf({ points, ...series }: Series): Trend[] {
  const values = points.map(({ value }) => value);
  const [now] = points;
  const spread = spreadOf(values.slice(1));
  if (!now || !spread || values.length < LEAST_VALUES || values.every((value) => value === now.value))
    return [];
  const usual = medianOf(points.slice(1).flatMap(({ pace }) => pace ?? []));
  const gate =
    series.unit === 's'
      ? gateOf(now.value, values.slice(1), {
          least: NOISE[series.kind],
          ...(now.pace && usual ? { pace: now.pace / usual } : {}),
        })
      : undefined;
  const { median, low, high } = spread;
  return [
    {
      ...series,
      values: values.toReversed(),
      ...{ median, low, high },
      ...(gate ? { limit: gate.limit } : {}),
      beyond: gate?.beyond ?? false,
    },
  ];
}
