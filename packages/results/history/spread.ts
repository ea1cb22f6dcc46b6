/** The middle of some values, and how far they lie from it. */
export interface Spread {
  count: number;
  median: number;
  /** Lower and upper quartile. */
  low: number;
  high: number;
  highest: number;
  /** Median of the distances from the median. */
  deviation: number;
}

/** A value, compared with those before it. */
export interface Gate {
  spread: Spread;
  /** Above this, the value is beyond the spread. */
  limit: number;
  beyond: boolean;
}

/** How many earlier values count, and how many it takes to judge. */
export const WINDOW = { most: 10, least: 5 } as const;
/** Makes the median deviation comparable with a standard deviation, if values are normally distributed (1 / Φ⁻¹(3/4)). */
const NORMAL = 1.4826;
/** A limit of three standard deviations: one of 740 normal values is above it by chance. */
const DEVIATIONS = 3;
/** Less than this share of the median is never a regression: a constant duration has no deviation. */
const LEAST_SHARE = 0.25;

/** The median; undefined for no values. */
export function medianOf(values: readonly number[]): number | undefined {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Median, quartiles and median deviation; undefined for no values. Pure. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  if (median === undefined) return undefined;
  return {
    count: values.length,
    median,
    low: quantile(sorted, 0.25) ?? median,
    high: quantile(sorted, 0.75) ?? median,
    highest: sorted.at(-1) ?? median,
    deviation: medianOf(values.map((value) => Math.abs(value - median))) ?? 0,
  };
}

/**
 * The regression gate: whether a duration exceeds the median of those before it by more than their spread. Undefined
 * before there are five. Pure.
 * @param earlier durations before it, newest first
 * @param least seconds below which a difference is the machine's noise
 * @param pace how much busier the machine is than in those runs (1: as busy); a busy machine may take longer
 */
export function gateOf(
  value: number,
  earlier: readonly number[],
  { least, pace = 1 }: { least: number; pace?: number },
): Gate | undefined {
  if (earlier.length < WINDOW.least) return undefined;
  const spread = spreadOf(earlier.slice(0, WINDOW.most));
  if (!spread) return undefined;
  const margin = Math.max(DEVIATIONS * NORMAL * spread.deviation, LEAST_SHARE * spread.median, least);
  const limit = (spread.median + margin) * Math.max(1, pace);
  return { spread, limit, beyond: value > limit };
}

/** A quantile by linear interpolation between the two values around it. */
function quantile(sorted: readonly number[], share: number): number | undefined {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (place - Math.floor(place));
}
