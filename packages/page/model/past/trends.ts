import {
  judgedSeries,
  measuredIn,
  type Point,
  type Series,
  seriesKey,
} from '@backendai-e2e/results/history/measurement-gate';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { spreadOf } from '@backendai-e2e/results/history/spread';
import type { Trend } from '../data/past-data.ts';

/** Runs in a sparkline. */
const DRAWN = 30;
/** With fewer values there is no line. */
const LEAST_VALUES = 2;

/**
 * Durations of the suites of the newest run, and what they measured, over the runs before. What never changed has no trend. Pure.
 * @param newest records, newest first
 */
export function trendsOf(newest: readonly HistoryRecord[]): Trend[] {
  const found = new Map<string, { series: Series; points: Point[] }>();
  for (const [place, record] of newest.slice(0, DRAWN).entries()) {
    for (const { value, pace, ...series } of measuredIn(record)) {
      const point = { value, ...(pace === undefined ? {} : { pace }) };
      const known = found.get(seriesKey(series));
      if (known) known.points.push(point);
      else if (place === 0) found.set(seriesKey(series), { series, points: [point] });
    }
  }
  return [...found.values()].flatMap(trendOf);
}

function trendOf({ series, points }: { series: Series; points: readonly Point[] }): Trend[] {
  const [now, ...earlier] = points;
  const values = points.map(({ value }) => value);
  const spread = spreadOf(values.slice(1));
  if (!now || !spread || values.length < LEAST_VALUES || values.every((value) => value === now.value))
    return [];
  const { judgement, limit } = judgedSeries(series, now, earlier);
  const { median, low, high } = spread;
  return [
    {
      ...series,
      values: values.toReversed(),
      ...{ median, low, high },
      ...(limit === undefined ? {} : { limit }),
      beyond: judgement === 'worse' || judgement === 'regressed',
    },
  ];
}
