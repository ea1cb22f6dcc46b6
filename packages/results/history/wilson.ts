/** A share (0 to 1) with the interval in which the true one lies. */
export interface Rate {
  share: number;
  low: number;
  high: number;
}

/** Quantile of the normal distribution for 95 %. */
const Z = 1.96;

/**
 * The share of successes with its 95 % interval after Wilson (Journal of the American Statistical Association 22, 1927). With
 * few trials it stays wide, and it never leaves 0 to 1: 3 of 3 successes are not 100 %. Pure.
 */
export function wilsonRate(successes: number, trials: number): Rate {
  if (trials === 0) return { share: 0, low: 0, high: 1 };
  const share = successes / trials;
  const square = Z * Z;
  const middle = share + square / (2 * trials);
  const half = Z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials * trials));
  const whole = 1 + square / trials;
  return {
    share,
    low: Math.max(0, (middle - half) / whole),
    high: Math.min(1, (middle + half) / whole),
  };
}
